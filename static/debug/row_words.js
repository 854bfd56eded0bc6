// A request of the list in words, and how long its bar is. Pure.

import { bytes, countWords, duration, timeOfDay } from "../shared/words.js";

/** @import { Tone } from "../shared/badge.js" */
/** @import { Row } from "./debug.d.ts" */
/** @import { Known } from "./known.js" */

/** The longest that a bar shows, in milliseconds: what a client waits for. */
const LONGEST = 300_000;

/**
 * Say what a request was for: "search", "picture"; "GET /ping" if for no work.
 *
 * @param {Row} row
 */
export function workWords({ words, method, path }) {
  return words || `${method} ${path}`;
}

/**
 * Say how a request ended, or what becomes of it now.
 *
 * @param {Row} row
 * @returns {{tone: Tone, text: string}}
 */
export function statusWords({ state, status, error }) {
  if (state === "under way") return { tone: "idle", text: state };
  if (state !== "done") return { tone: "warn", text: state };
  if (status === null) return { tone: "bad", text: error ? "failed" : "no answer" };
  return { tone: status >= 400 || error ? "bad" : "good", text: String(status) };
}

/**
 * Return how long a request has waited and worked, in milliseconds.
 *
 * @param {Row} row
 * @param {number} since seconds since that was told, by which what has not ended is older
 */
export function times({ state, wait, work }, since) {
  const more = Math.max(0, since) * 1000;
  if (state === "done") return { wait: wait * 1000, work: work * 1000 };
  if (state === "under way") return { wait: wait * 1000, work: work * 1000 + more };
  return { wait: wait * 1000 + more, work: work * 1000 };
}

/**
 * Return which part of a bar's room a duration takes: ten times as long is about a fifth
 * of the room more, so that a search can be seen beside what was held for minutes.
 *
 * @param {number} ms
 */
export function barLength(ms) {
  return Math.min(1, Math.log1p(Math.max(0, ms)) / Math.log1p(LONGEST));
}

/**
 * Return how long the bar's two parts are, in percent of its room.
 *
 * @param {{wait: number, work: number}} times in milliseconds
 */
export function barParts({ wait, work }) {
  const all = wait + work;
  const long = 100 * barLength(all);
  const waited = all > 0 ? (long * wait) / all : 0;
  return { wait: waited, work: long - waited };
}

/**
 * Say how long it waited and worked: "waited 1.2 s, worked 41 ms".
 *
 * @param {{wait: number, work: number}} times in milliseconds
 */
export function timesWords({ wait, work }) {
  const told = [];
  if (wait >= 1) told.push(`waited ${duration(wait)}`);
  if (work > 0 || told.length === 0) told.push(`worked ${duration(work)}`);
  return told.join(", ");
}

/**
 * Return the time of day when it came, to the second.
 *
 * @param {Row} row
 * @param {Date} now
 */
export function timeWords({ time }, now) {
  return timeOfDay(new Date(time * 1000), now);
}

/**
 * Say how much came and went: "310 KiB in, 12 KiB out".
 *
 * @param {Row} row
 */
export function sizeWords({ requestBytes, responseBytes }) {
  return `${bytes(requestBytes)} in, ${bytes(responseBytes)} out`;
}

/**
 * Say how many requests there are: "3 under way, 12 waiting, 1,204 of 10,000 recorded
 * match".
 *
 * @param {Pick<Known, "underWay"|"underWayTotal"|"matching"|"total">} known
 * @param {boolean} isNarrowed
 */
export function countsWords({ underWay, underWayTotal, matching, total }, isNarrowed) {
  const told = ["under way", "waiting", "held"].flatMap((state) => {
    const count = underWay.filter((row) => row.state === state).length;
    return count ? [`${countWords(count)} ${state}`] : [];
  });
  const others = (underWayTotal ?? 0) - underWay.length;
  if (others > 0) told.push(`${countWords(others)} more that have not ended`);
  if (isNarrowed) told.push(`${countWords(matching)} of ${countWords(total)} recorded match`);
  else told.push(`${countWords(matching)} recorded`);
  return told.join(", ");
}
