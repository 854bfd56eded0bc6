// Shows facts, such as the headers of a message, as a table of names and values.

import { el } from "../shared/dom.js";

/** @import { Headers } from "./debug.d.ts" */

/**
 * Return a table of facts.
 *
 * @param {[string, string|Node][]} rows
 */
export function factTable(rows) {
  const lines = rows.map(([name, value]) =>
    el("tr", {}, el("th", { scope: "row" }, name), el("td", {}, value)),
  );
  return el("table", { class: "facts" }, el("tbody", {}, ...lines));
}

/**
 * Return a message's headers, folded.
 *
 * @param {Headers|null|undefined} headers
 * @returns {HTMLElement[]} nothing if it has none
 */
export function headersView(headers) {
  const rows = Object.entries(headers ?? {}).flatMap(([name, values]) =>
    [values].flat().map((value) => /** @type {[string, string]} */ ([name, value])),
  );
  if (rows.length === 0) return [];
  const summary = el("summary", {}, `${rows.length} header${rows.length === 1 ? "" : "s"}`);
  return [el("details", { class: "fold" }, summary, factTable(rows))];
}
