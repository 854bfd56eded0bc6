// The requests that a request led to: where on its time they are, and why. Pure.

import { duration, sentence } from "../shared/words.js";

/** @import { Tone } from "../shared/badge.js" */
/** @import { Part } from "./debug.d.ts" */

/** Why a machine was asked. @type {Record<string, string>} */
const WHY = {
  first: "first choice",
  failover: "asked after another one had failed",
  again: "asked again after a pause",
  hedge: "asked as well, because the first one took long",
  slow: "asked as well, because the first one took very long",
  doubt: "asked as well, because the first one no longer answered pings",
  "second opinion": "asked as well, to see whether it says the same",
};

/** What came of it. @type {Record<string, [Tone, string]>} */
const OUTCOMES = {
  answered: ["good", "answered"],
  failed: ["bad", "failed"],
  refused: ["bad", "turned it down"],
  busy: ["warn", "was busy"],
  misfit: ["bad", "its answer was none to this"],
  cancelled: ["idle", "called off"],
  outpaced: ["idle", "called off: another one was faster"],
  "under way": ["idle", "under way"],
};

/**
 * Say why a machine was asked, in a sentence.
 *
 * @param {Part} part
 */
export function whyTold({ why, whyWords }) {
  return whyWords || `${sentence(Object.hasOwn(WHY, why) ? WHY[why] : why)}.`;
}

/**
 * Say what came of it.
 *
 * @param {Part} part
 * @returns {{tone: Tone, text: string}}
 */
export function outcomeWords({ outcome, status }) {
  const [tone, told] = Object.hasOwn(OUTCOMES, outcome)
    ? OUTCOMES[outcome]
    : [/** @type {Tone} */ (status !== null && status < 400 ? "good" : "idle"), outcome];
  return { tone, text: status === null ? told : `${told}, ${status}` };
}

/**
 * Return where on its request's time a part is, in percent: where the wait before it
 * begins, how long that is, and how long it was at the machine.
 *
 * @param {Part} part
 * @param {number} whole seconds that the request took
 * @returns {{begin: number, wait: number, work: number}}
 */
export function span(part, whole) {
  const { begin, wait } = part;
  const all = Math.max(whole, endOf(part, whole), 0.000_001);
  const percent = (/** @type {number} */ seconds) => (100 * Math.max(0, seconds)) / all;
  const waited = Math.min(wait, begin);
  const worked = endOf(part, whole) - begin;
  return { begin: percent(begin - waited), wait: percent(waited), work: percent(worked) };
}

/**
 * @param {Part} part
 * @param {number} whole
 */
function endOf({ begin, duration: took }, whole) {
  return took === null ? Math.max(begin, whole) : begin + took;
}

/**
 * Say when it was asked and how long it took: "after 1.2 s, worked 210 ms".
 *
 * @param {Part} part
 */
export function whenWords({ begin, wait, duration: took }) {
  const told = [begin < 0.001 ? "at once" : `after ${duration(begin * 1000)}`];
  if (wait >= 0.001) told.push(`of which ${duration(wait * 1000)} nobody was asked`);
  if (took !== null) told.push(`worked ${duration(took * 1000)}`);
  return told.join(", ");
}

/**
 * Return the time between the first beginning and the last end, in seconds.
 *
 * @param {{duration: number, outgoing: Part[]}} detail
 */
export function wholeOf({ duration: took, outgoing }) {
  return Math.max(took, ...outgoing.map((part) => endOf(part, took)));
}
