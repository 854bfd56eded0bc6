// Debug records: which are shown, in which order, and what is said of them. Pure.

import { routesOf } from "./record_routes.js";
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
 * Which records are wanted; what is empty is no condition. `failed`: only those that
 * ended badly.
 *
 * @typedef {{type: string, text: string, trace: string, machine: string, route: string,
 *     failed: boolean}} Filter
 */

/**
 * Return the records to show.
 *
 * @param {DebugRecord[]} records oldest first, as the API gives them
 * @param {Filter} filter
 * @param {string[]} keys of the configured routes
 * @returns {DebugRecord[]} newest first; those of one trace as they happened instead: the
 *     incoming request, then the outgoing ones that it caused
 */
export function selected(records, { type, text, trace, machine, route, failed }, keys) {
  const wanted = text.trim().toLowerCase();
  const found = records.filter(
    (record) =>
      (!type || record.type === type) &&
      (!trace || record.traceId === trace) &&
      (!machine || record.backend === machine) &&
      (!route || routesOf(record, keys).includes(route)) &&
      (!failed || outcome(record).state !== "good") &&
      (!wanted || JSON.stringify(record).toLowerCase().includes(wanted)),
  );
  return trace ? found.sort(byBeginning) : found.reverse();
}

/**
 * Say which records are shown, where the page's address narrows them.
 *
 * @param {Pick<Filter, "trace"|"machine"|"route"|"failed">} filter
 * @returns {string} empty if it does not
 */
export function narrowedWords({ trace, machine, route, failed }) {
  if (trace) return `Only trace ${trace}: an incoming request and the outgoing ones that it caused.`;
  if (!machine && !route && !failed) return "";
  const by = route ? ` by the route ${route}` : "";
  if (failed) return `Only requests that failed${machine ? ` at ${machine}` : ""}${by}.`;
  return `Only requests that went${machine ? ` to ${machine}` : ""}${by}.`;
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
