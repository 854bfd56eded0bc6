// The requests that a request led to: where on its time they are, and why. Pure.

import { TASKS } from "./address.js";
import { duration, list } from "../shared/words.js";

/** @import { Tone } from "../shared/badge.js" */
/** @import { Part } from "./debug.d.ts" */

/** Why a machine was asked. @type {Record<string, string>} */
const WHY = {
  first: "first choice",
  failover: "asked after another one had failed",
  hedge: "asked as well, because the first one took long",
  "second opinion": "asked as well, to see whether it says the same",
  patience: "asked after another one had taken too long",
  again: "sent again by hand",
};

/** What came of it. @type {Record<string, [Tone, string]>} */
const OUTCOMES = {
  answered: ["good", "answered"],
  failed: ["bad", "failed"],
  refused: ["bad", "turned it down"],
  cancelled: ["idle", "called off"],
  "hedge lost": ["idle", "called off: another one was faster"],
  outpaced: ["idle", "called off: another one was faster"],
  "under way": ["idle", "under way"],
  waiting: ["warn", "waiting"],
};

/**
 * Say why a machine was asked; words that are not known are told as they are.
 *
 * @param {Part} part
 */
export function whyWords({ why, tasks }) {
  const told = Object.hasOwn(WHY, why) ? WHY[why] : why;
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
export function span({ begin, wait, duration: took }, whole) {
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
export function whenWords({ begin, wait, duration: took }) {
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
