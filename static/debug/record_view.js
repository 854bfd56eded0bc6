// Shows one debug record: a line, and the details under it once it is opened.

import { el, freshId } from "../shared/dom.js";
import { bodyCaption, outcome, partCaption } from "./records.js";
import { duration, timeOfDay } from "../shared/words.js";

/** @import { DebugRecord, Message } from "../shared/answers.d.ts" */

export class RecordView {
  /** @param {DebugRecord} record */
  constructor(record) {
    this._record = record;
    this._details = el("div", { class: "details", id: freshId(), hidden: true });
    this._line = el(
      "button",
      {
        type: "button",
        class: "line",
        "aria-expanded": "false",
        "aria-controls": this._details.id,
        onclick: () => this._toggle(),
      },
      ...lineOf(record),
    );
    const head = el("div", { class: "head" }, this._line, traceLink(record.traceId, "trace"));
    this.node = el(
      "li",
      { class: `record ${record.type}`, "data-record-id": record.id },
      head,
      this._details,
    );
  }

  _toggle() {
    const open = this._details.hidden;
    if (open && !this._details.hasChildNodes()) this._details.append(...detailsOf(this._record));
    this._details.hidden = !open;
    this._line.setAttribute("aria-expanded", String(open));
  }
}

/** @param {DebugRecord} record */
function lineOf(record) {
  const began = new Date(record.timestamp);
  const { state, text } = outcome(record);
  const cell = (/** @type {string} */ name, /** @type {string} */ content) =>
    el("span", { class: name }, content);
  return [
    el("time", { datetime: record.timestamp }, timeOfDay(began)),
    cell("type", record.type),
    cell("what", `${record.request.method} ${record.request.url}`),
    cell("backend", record.backend ?? ""),
    cell(`outcome ${state}`, text),
    cell("took", duration(record.durationMs)),
  ];
}

/**
 * @param {string} traceId
 * @param {string} text
 */
function traceLink(traceId, text) {
  const href = `#trace=${encodeURIComponent(traceId)}`;
  return el("a", { class: "trace", href, title: `Show only trace ${traceId}` }, text);
}

/** @param {DebugRecord} record */
function detailsOf(record) {
  const { request, response, error, traceId } = record;
  /** @type {[string, string|Node][]} */
  const facts = [
    ["Trace", traceLink(traceId, traceId)],
    ["Began", record.timestamp],
    ["Took", duration(record.durationMs)],
  ];
  if (record.backend) facts.push(["Machine", record.backend]);
  if (error) facts.push(["Error", error]);
  const answer = response
    ? message(`Answer: ${response.statusCode}`, response)
    : [el("h2", {}, "No answer")];
  return [
    table(facts),
    ...message(`Request: ${request.method} ${request.url}`, request),
    ...answer,
  ];
}

/**
 * @param {string} title
 * @param {Message} message
 */
function message(title, { headers, body }) {
  const lines = Object.entries(headers).flatMap(([name, values]) =>
    values.map((value) => /** @type {[string, string]} */ ([name, value])),
  );
  const parts = (body?.parts ?? []).flatMap((part) => [
    el("h3", {}, part.name),
    el("p", { class: "muted" }, partCaption(part)),
    ...content(part.value ?? null, `Value of ${part.name}`),
    ...checksum(part.sha256),
  ]);
  return [
    el("h2", {}, title),
    table(lines),
    el("p", { class: "muted" }, bodyCaption(body)),
    ...content(body?.text ?? null, "Body"),
    ...checksum(body?.sha256),
    ...parts,
  ];
}

/** @param {[string, string|Node][]} rows */
function table(rows) {
  const lines = rows.map(([name, value]) =>
    el("tr", {}, el("th", { scope: "row" }, name), el("td", {}, value)),
  );
  return el("table", {}, el("tbody", {}, ...lines));
}

/**
 * @param {string|null} text
 * @param {string} label
 */
function content(text, label) {
  if (text === null) return [];
  // It scrolls; with the keyboard only if it can have the focus.
  return [el("pre", { tabindex: "0", role: "group", "aria-label": label }, text)];
}

/** @param {string|null|undefined} sha256 */
function checksum(sha256) {
  return sha256 ? [el("p", { class: "muted" }, `SHA-256 ${sha256}`)] : [];
}
