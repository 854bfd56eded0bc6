// Debug records: which are shown, in which order, and what is said of them. Pure.

import { bytes } from "../shared/words.js";

/** @import { Body, DebugRecord, Part } from "../shared/answers.d.ts" */

/**
 * Return what tells a record from all others; ids begin anew when the proxy does.
 *
 * @param {DebugRecord} record
 */
export function keyOf({ id, timestamp, traceId }) {
  return `${id} ${timestamp} ${traceId}`;
}

/**
 * Return the records to show.
 *
 * @param {DebugRecord[]} records oldest first, as the API gives them
 * @param {{type: string, text: string, trace: string}} filter empty: no such condition
 * @returns {DebugRecord[]} newest first; those of one trace as they happened instead: the
 *     incoming request, then the outgoing ones that it caused
 */
export function selected(records, { type, text, trace }) {
  const wanted = text.trim().toLowerCase();
  const found = records.filter(
    (record) =>
      (!type || record.type === type) &&
      (!trace || record.traceId === trace) &&
      (!wanted || JSON.stringify(record).toLowerCase().includes(wanted)),
  );
  return trace ? found.sort(byBeginning) : found.reverse();
}

/**
 * @param {DebugRecord} one
 * @param {DebugRecord} other
 */
function byBeginning(one, other) {
  return (
    Number(one.type === "outgoing") - Number(other.type === "outgoing") ||
    one.timestamp.localeCompare(other.timestamp) ||
    one.id - other.id
  );
}

/**
 * Return how an exchange ended; `state` is good, bad or unknown.
 *
 * @param {DebugRecord} record
 */
export function outcome({ response, error }) {
  const status = response?.statusCode;
  if (error) return { state: "bad", text: [status, error].filter(Boolean).join(" ") };
  if (!status) return { state: "unknown", text: "no answer" };
  return { state: status >= 400 ? "bad" : "good", text: String(status) };
}

/**
 * Return a line about a body: its kind, its size and what is missing of it.
 *
 * @param {Body|null} body
 */
export function bodyCaption(body) {
  if (body === null) return "No body";
  const told = [bytes(body.size)];
  if (body.kind === "binary") told.push(body.contentType ?? "of unknown type");
  if (body.truncated) told.push("only the beginning is shown");
  if (body.partsLeftOut) told.push(`${body.partsLeftOut} more parts are not shown`);
  if (body.note) told.push(body.note);
  return `${KINDS[body.kind] ?? body.kind}, ${told.join(", ")}`;
}

/** @type {Record<string, string>} */
const KINDS = { text: "Text", form: "Form", binary: "Binary" };

/**
 * Return a line about a part of a form.
 *
 * @param {Part} part
 */
export function partCaption({ filename, contentType, size, truncated }) {
  const told = [bytes(size)];
  if (filename !== null) told.unshift(`file “${filename}”`);
  if (contentType) told.push(contentType);
  if (truncated) told.push("only the beginning is shown");
  return told.join(", ");
}
