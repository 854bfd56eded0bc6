// Shows all that is known of one request.

import { copy } from "./copying.js";
import { factTable, headersView } from "./headers_view.js";
import { pointerTo } from "./json_words.js";
import { jsonView } from "./json_view.js";
import { pictureView } from "./picture_view.js";
import { sizeWords, statusWords, times, timesWords, timeWords, workWords } from "./row_words.js";
import { sendAgain } from "./send_again.js";
import { waterfall } from "./waterfall.js";
import { ApiError, get, getText } from "../shared/api.js";
import { Badge } from "../shared/badge.js";
import { el } from "../shared/dom.js";
import { list, sentence } from "../shared/words.js";

/** @import { Detail } from "./debug.d.ts" */
/** @import { Unfold } from "./json_view.js" */

/**
 * Return what is shown of a request below its title.
 *
 * @param {Detail} detail
 * @param {string[]} machines it can be sent to again
 * @param {(trace: string) => string} traceHref the address of all requests of a trace
 * @returns {HTMLElement[]}
 */
export function detailView(detail, machines, traceHref) {
  const { id, request, response, pictureKept } = detail;
  return [
    factTable(factsOf(detail, traceHref)),
    ...tools(detail),
    el("h3", {}, "Machines"),
    ...waterfall(detail, (part) => unfoldOf(id, part)),
    ...(pictureKept ? [el("h3", {}, "Picture"), ...pictureView(detail)] : []),
    ...sendAgain(detail, machines),
    ...message("Request", request, unfoldOf(id)),
    ...message("Answer", response, unfoldOf(id)),
  ];
}

/**
 * Return what a request is called.
 *
 * @param {Detail} detail
 */
export function titleWords(detail) {
  return [sentence(workWords(detail)), ...detail.models].join(", ");
}

/**
 * @param {Detail} detail
 * @param {(trace: string) => string} traceHref
 */
function factsOf(detail, traceHref) {
  const { traceId, machines, error, method, path } = detail;
  const badge = new Badge();
  const { tone, text } = statusWords(detail);
  badge.show(tone, text);
  const trace = el("a", { href: traceHref(traceId) }, traceId);
  /** @type {[string, string|Node][]} */
  const facts = [
    ["Status", badge.node],
    ["Came", `${timeWords(detail, new Date())}, ${method} ${path}`],
    ["Took", timesWords(times(detail, 0))],
    ["Size", sizeWords(detail)],
    ["Trace", trace],
  ];
  if (machines.length > 0) facts.splice(1, 0, ["Machine", list(machines)]);
  if (error) facts.splice(1, 0, ["Error", el("span", { class: "error" }, error)]);
  return facts;
}

/**
 * What can be done with it: copy it, or take it along.
 *
 * @param {Detail} detail
 * @returns {HTMLElement[]}
 */
function tools({ id, state }) {
  if (state !== "done") return [];
  const base = /** @type {const} */ (`api/debug/records/${encodeURIComponent(id)}`);
  const told = el("div", { role: "status" });
  async function onclick() {
    try {
      await copy(await getText(`${base}/curl`), told);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      told.replaceChildren(el("p", { class: "error" }, error.message));
    }
  }
  return [
    el(
      "p",
      { class: "inline" },
      el("button", { type: "button", onclick }, "Copy as curl"),
      el("a", { class: "button", href: `${base}/har`, download: `${id}.har` }, "Download as HAR"),
    ),
    told,
  ];
}

/**
 * @param {string} title
 * @param {Detail["request"]} told
 * @param {Unfold} unfold
 */
function message(title, told, unfold) {
  const heading = el("h3", {}, title);
  if (!told) return [heading, el("p", { class: "muted" }, "Nothing is known of it.")];
  const { headers, ...rest } = told;
  const parts = Object.entries(rest)
    .filter(([, value]) => value != null)
    .flatMap(([name, value]) => [el("h4", {}, sentence(name)), jsonView(value, unfold)]);
  return [heading, ...headersView(headers), ...parts];
}

/**
 * Return how numbers that were left out of an answer are got.
 *
 * @param {string} id
 * @param {number} [part] of the machine that answered; left out: the answer to the client
 * @returns {Unfold}
 */
function unfoldOf(id, part) {
  return async (path) => {
    const wanted = new URLSearchParams({ path: pointerTo(path) });
    if (part !== undefined) wanted.set("part", String(part));
    const base = /** @type {const} */ (`api/debug/records/${encodeURIComponent(id)}`);
    return JSON.parse(await getText(`${base}/numbers?${wanted}`)).numbers;
  };
}
