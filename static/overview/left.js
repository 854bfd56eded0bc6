// How long the work will take still, and of which kind. Pure.

import { ageWords, clockTime, countOf, kindWord, rateWords, sentence } from "../shared/words.js";

/** @import { Kind, KindLeft, Left } from "./overview.d.ts" */

/**
 * What is still to do, as it was typed and counted down since.
 *
 * `left`: by kind of work; `done`: what the proxy had done of each when that was so, since
 * it was `started`.
 *
 * @typedef {{
 *   typed: number,
 *   left: Partial<Record<Kind, number>>,
 *   done: Partial<Record<Kind, number>>,
 *   started: number,
 * }} Count
 */

/** The kinds of work that a photo makes. */
const OF_A_PHOTO = /** @type {Kind[]} */ (["clip", "faces", "ocr"]);

/**
 * Begin to count down.
 *
 * @param {number} typed photos that are still to do
 * @param {Left} left
 * @param {number} started when the proxy was
 * @returns {Count}
 */
export function begin(typed, left, started) {
  const all = /** @param {(kind: Kind) => number} of */ (of) =>
    Object.fromEntries(OF_A_PHOTO.map((kind) => [kind, of(kind)]));
  return { typed, left: all(() => typed), done: all((kind) => left.kinds[kind]?.done ?? 0), started };
}

/**
 * Count down what was done since. A proxy that was started anew counts from nothing.
 *
 * @param {Count} count
 * @param {Left} left
 * @param {number} started
 * @returns {Count}
 */
export function counted(count, left, started) {
  const isSame = started === count.started;
  /** @type {Count} */
  const next = { typed: count.typed, left: {}, done: {}, started };
  for (const kind of OF_A_PHOTO) {
    const done = left.kinds[kind]?.done ?? 0;
    const before = isSame ? (count.done[kind] ?? 0) : 0;
    next.left[kind] = Math.max(0, (count.left[kind] ?? 0) - Math.max(0, done - before));
    // Another tab may have been told of more already.
    next.done[kind] = Math.max(done, before);
  }
  return next;
}

/**
 * Return what was kept, if it can be used.
 *
 * @param {string|null} text
 * @returns {Count|null}
 */
export function readCount(text) {
  try {
    const kept = JSON.parse(text ?? "null");
    const numbers = [kept?.typed, kept?.started, ...OF_A_PHOTO.map((kind) => kept?.left?.[kind])];
    return numbers.every(Number.isFinite) && kept.done ? kept : null;
  } catch {
    return null;
  }
}

/**
 * `sum`: when all is done; `lines`: one a kind of work.
 *
 * @typedef {{sum: string, lines: {kind: Kind, text: string, isSlowest: boolean}[]}} TimeLeft
 */

/**
 * Say how long it takes still, where Immich tells how much there is.
 *
 * @param {Left} left
 * @param {number} now
 * @returns {TimeLeft}
 */
export function timeOfQueues({ kinds, slowest, ends, error }, now) {
  const all = /** @type {[Kind, KindLeft][]} */ (Object.entries(kinds));
  const known = all.filter(([, { left }]) => left !== null);
  if (known.length === 0) return { sum: error ? "" : "Immich has not told yet.", lines: [] };
  const told = known.filter(([, { left, rate }]) => (left ?? 0) > 0 || rate > 0);
  if (told.every(([, { left }]) => left === 0)) return { sum: "Immich’s queues are empty.", lines: [] };
  const lines = told.map(([kind, one]) => ({
    kind,
    text: lineWords(kind, one.left ?? 0, one.rate, one.paused ? "paused in Immich" : endWords(one.ends, now)),
    isSlowest: kind === slowest && told.length > 1,
  }));
  return { sum: sumWords(ends, slowest, told.length, now), lines };
}

/**
 * Say how long it takes still, by what was typed. Kinds of work that Immich does not ask
 * for are left out.
 *
 * @param {Count} count
 * @param {Left} left
 * @param {number} now
 * @returns {TimeLeft}
 */
export function timeOfCount(count, left, now) {
  const kinds = OF_A_PHOTO.filter(
    (kind) => (left.kinds[kind]?.rate ?? 0) > 0 || (count.left[kind] ?? 0) < count.typed,
  );
  const open = kinds.map((kind) => {
    const rate = left.kinds[kind]?.rate ?? 0;
    const rest = count.left[kind] ?? 0;
    return { kind, rate, rest, ends: rest === 0 ? now : rate > 0 ? now + rest / rate : null };
  });
  if (open.length === 0) return { sum: "Nothing has been done of it yet.", lines: [] };
  if (open.every(({ rest }) => rest === 0)) return { sum: "All of it is done.", lines: [] };
  const last = open.reduce((one, other) => ((other.ends ?? Infinity) > (one.ends ?? Infinity) ? other : one));
  const lines = open.map(({ kind, rate, rest, ends }) => ({
    kind,
    text: rest === 0 ? `${sentence(kindWord(kind))}: done` : lineWords(kind, rest, rate, endWords(ends, now)),
    isSlowest: kind === last.kind && open.length > 1,
  }));
  return { sum: sumWords(last.ends, last.kind, open.length, now), lines };
}

/**
 * @param {number|null} ends
 * @param {Kind|null} slowest
 * @param {number} kinds how many kinds of work there are
 * @param {number} now
 */
function sumWords(ends, slowest, kinds, now) {
  const which = slowest && kinds > 1 ? ` (${kindWord(slowest)} take the longest)` : "";
  if (ends === null) return slowest ? `No telling: ${kindWord(slowest)} do not move now.` : "No telling yet.";
  return `About ${ageWords(ends - now)} left, until ${clockTime(ends, now)}${which}`;
}

/**
 * @param {number|null} ends
 * @param {number} now
 */
function endWords(ends, now) {
  return ends === null ? "does not move now" : `until ${clockTime(ends, now)}`;
}

/**
 * @param {Kind} kind
 * @param {number} rest
 * @param {number} rate
 * @param {string} end
 */
function lineWords(kind, rest, rate, end) {
  const speed = rate > 0 ? `${rateWords(rate)}/s, ` : "";
  return `${sentence(countOf(rest, kind))} left, ${speed}${end}`;
}
