// Which requests are wanted, as the page's address, the proxy and people put it. Pure.

import { kindWord, list } from "../shared/words.js";

/** @import { Kind } from "../shared/words.js" */

/**
 * What is empty is no condition. `pings`, `pages`: show those as well, "1".
 *
 * @typedef {{task: string, machine: string, status: string, text: string, trace: string,
 *     route: string, pings: string, pages: string}} Filter
 */

/** @type {Readonly<Filter>} */
export const ALL = {
  task: "",
  machine: "",
  status: "",
  text: "",
  trace: "",
  route: "",
  pings: "",
  pages: "",
};

/** The parts of a filter; their names are those in the address. */
const FIELDS = /** @type {(keyof Filter)[]} */ (Object.keys(ALL));

/**
 * Return what an address tells.
 *
 * @param {string} hash its part after "#"
 * @returns {{filter: Filter, open: string}} `open`: the request whose details are shown
 */
export function read(hash) {
  const told = new URLSearchParams(hash);
  const filter = { ...ALL };
  for (const field of FIELDS) filter[field] = told.get(field) ?? "";
  // As the overview puts it.
  if (told.has("failed") && !filter.status) filter.status = "failed";
  return { filter, open: told.get("open") ?? "" };
}

/**
 * Return the address of a filter and an open request: what comes after "#".
 *
 * @param {Filter} filter
 * @param {string} open empty: none
 */
export function written(filter, open = "") {
  const told = new URLSearchParams();
  for (const field of FIELDS) if (filter[field]) told.set(field, filter[field]);
  if (open) told.set("open", open);
  return String(told);
}

/**
 * Return the same as the proxy is asked for it.
 *
 * @param {Filter} filter
 * @param {Record<string, string|number>} more
 */
export function asked(filter, more) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(more)) query.set(name, String(value));
  const { task, machine, status, text, trace, route } = filter;
  const told = { task, backend: machine, status, text: text.trim(), trace, route };
  for (const [name, value] of Object.entries(told)) if (value) query.set(name, value);
  if (filter.pings) query.append("kind", "pings");
  if (filter.pages) query.append("kind", "pages");
  return String(query);
}

/** The kinds of work that there are. */
export const KINDS = /** @type {Kind[]} */ (["search", "clip", "faces", "ocr", "other"]);

/** How requests end: alone, and after "requests that". @type {Record<string, [string, string]>} */
export const ENDINGS = {
  ok: ["answered", "were answered"],
  failed: ["failed", "failed"],
  "4xx": ["turned down (4xx)", "were turned down (4xx)"],
  "5xx": ["error (5xx)", "ended in an error (5xx)"],
};

/**
 * Say which requests are shown.
 *
 * @param {Filter} filter
 * @returns {string} empty: all
 */
export function narrowedWords({ task, machine, status, text, trace, route }) {
  const told = [];
  if (status) told.push(endingWords(status));
  if (machine) told.push(`${status ? "at" : "went to"} ${machine}`);
  const ways = [told.join(" ")].filter(Boolean);
  if (route) ways.push(`${machine && !status ? "" : "went "}by the route ${route}`);
  if (trace) ways.push(`are of the trace ${trace}`);
  if (text.trim()) ways.push(`have “${text.trim()}” in them`);
  if (ways.length === 0) return task ? `Only ${taskWord(task)}.` : "";
  return `Only ${task ? taskWord(task) : "requests"} that ${list(ways)}.`;
}

/**
 * Return what a kind of work is called; the key of a task stands for itself.
 *
 * @param {string} task
 */
export function taskWord(task) {
  return KINDS.includes(/** @type {Kind} */ (task)) ? kindWord(/** @type {Kind} */ (task)) : task;
}

/** @param {string} status */
export function endingWords(status) {
  return Object.hasOwn(ENDINGS, status) ? ENDINGS[status][1] : `were answered with ${status}`;
}
