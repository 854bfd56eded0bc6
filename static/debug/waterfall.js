// Shows which machines a request was sent to, when, why, and what came of it.

import { headersView } from "./headers_view.js";
import { jsonView } from "./json_view.js";
import { outcomeWords, span, whenWords, wholeOf, whyTold } from "./waterfall_words.js";
import { Badge } from "../shared/badge.js";
import { el } from "../shared/dom.js";
import { duration, sentence } from "../shared/words.js";

/** @import { Detail, Part } from "./debug.d.ts" */
/** @import { Unfold } from "./json_view.js" */

/**
 * Return the list of a request's parts.
 *
 * @param {Detail} detail
 * @param {(part: number) => Unfold} unfoldOf what was left out of a part's answer
 * @returns {HTMLElement[]}
 */
export function waterfall(detail, unfoldOf) {
  const { outgoing, outgoingLeftOut } = detail;
  if (outgoing.length === 0) return [el("p", { class: "muted" }, "It was sent to no machine.")];
  const whole = wholeOf(detail);
  const parts = outgoing.map((part, index) => partView(part, whole, unfoldOf(index)));
  const left = outgoingLeftOut
    ? [el("p", { class: "muted" }, `${outgoingLeftOut} more that came before are not kept.`)]
    : [];
  return [
    ...left,
    el("ol", { class: "waterfall", "aria-label": "Machines that were asked" }, ...parts),
    el(
      "p",
      { class: "scale muted", "aria-hidden": "true" },
      el("span", {}, "0"),
      el("span", {}, duration(whole * 1000)),
    ),
  ];
}

/**
 * @param {Part} part
 * @param {number} whole
 * @param {Unfold} unfold
 */
function partView(part, whole, unfold) {
  const badge = new Badge();
  const { tone, text } = outcomeWords(part);
  badge.show(tone, text);
  const reason = part.reason ? [el("p", { class: "reason" }, part.reason)] : [];
  return el(
    "li",
    {},
    el("p", { class: "asked" }, el("strong", {}, part.machine), " ", badge.node),
    track(part, whole),
    el("p", { class: "muted" }, `${whyTold(part)} ${sentence(whenWords(part))}.`),
    ...reason,
    ...messages(part, unfold),
  );
}

/**
 * @param {Part} part
 * @param {number} whole
 */
function track(part, whole) {
  const { begin, wait, work } = span(part, whole);
  const waited = el("span", { class: "waited" });
  const worked = el("span", { class: "worked" });
  waited.style.marginLeft = `${begin}%`;
  waited.style.width = `${wait}%`;
  worked.style.width = `${work}%`;
  return el("div", { class: "bar" }, waited, worked);
}

/**
 * @param {Part} part
 * @param {Unfold} unfold
 */
function messages({ machine, request, requestHeaders, response, responseHeaders }, unfold) {
  const sent = [
    ...headersView(requestHeaders),
    ...(request == null ? [el("p", { class: "muted" }, "The same as came in.")] : []),
    ...(request == null ? [] : [jsonView(request, unfold)]),
  ];
  const came = [
    ...headersView(responseHeaders),
    ...(response == null ? [] : [jsonView(response, unfold)]),
  ];
  // Nothing is kept of it but when and why.
  if (headersView(requestHeaders).length === 0) return [];
  return [
    el(
      "details",
      { class: "fold" },
      el("summary", {}, `What ${machine} was sent, and what it answered`),
      el("h4", {}, "Sent"),
      ...sent,
      el("h4", {}, "Answered"),
      ...(came.length ? came : [el("p", { class: "muted" }, "Nothing.")]),
    ),
  ];
}
