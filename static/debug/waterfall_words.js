// The requests that a request led to: where on its time they are, and why. Pure.

import { TASKS } from "./address.js";
import { duration, list } from "../shared/words.js";

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
  misfit: ["bad", "its answer was none to this"],
  cancelled: ["idle", "called off"],
  outpaced: ["idle", "called off: another one was faster"],
  "under way": ["idle", "under way"],
};

/**
 * Say why a machine was asked; words that are not known are told as they are.
 *
 * @param {Part} part
 */
export function whyWords({ why, whyWords: reason, tasks }) {
  const told = reason || (Object.hasOwn(WHY, why) ? WHY[why] : why);
  const work = list(tasks.map((task) => (Object.hasOwn(TASKS, task) ? TASKS[task] : task)));
  return [work, told].filter(Boolean).join(", ");
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
 * Return where on its request's time a part is, in percent.
 *
 * @param {Part} part
 * @param {number} whole seconds that the request took
 * @returns {{begin: number, wait: number, work: number}}
 */
export function span({ begin, wait = 0, duration: took }, whole) {
  const all = Math.max(whole, begin + took, 0.000_001);
  const percent = (/** @type {number} */ seconds) => (100 * Math.max(0, seconds)) / all;
  const waited = Math.min(wait, took);
  return { begin: percent(begin), wait: percent(waited), work: percent(took - waited) };
}

/**
 * Say when it was asked and how long it took: "after 1.2 s, waited 40 ms, worked 210 ms".
 *
 * @param {Part} part
 */
export function whenWords({ begin, wait = 0, duration: took }) {
  const told = [begin < 0.001 ? "at once" : `after ${duration(begin * 1000)}`];
  if (wait >= 0.001) told.push(`waited ${duration(wait * 1000)}`);
  told.push(`worked ${duration(Math.max(0, took - wait) * 1000)}`);
  return told.join(", ");
}

/**
 * Return the time between the first beginning and the last end, in seconds.
 *
 * @param {{duration: number, outgoing: Part[]}} detail
 */
export function wholeOf({ duration: took, outgoing }) {
  return Math.max(took, ...outgoing.map((part) => part.begin + part.duration));
}
