// The numbers that the plot draws: rates, stacked; gaps; what happened when. Pure.

/** @import { Overview } from "./overview.d.ts" */

/**
 * @typedef {{name: string, rates: number[], tops: number[]}} Layer images per second of
 *     a machine, and the sum of its own and those of all machines before it
 * @typedef {{at: number, text: string, tone: "good"|"bad"|"other"}} Mark
 * @typedef {{times: number[], layers: Layer[], searches: (number|null|undefined)[],
 *     marks: Mark[]}} Series `searches`: in milliseconds; over undefined a line goes on,
 *     at null it breaks off
 */

/** Seconds that are drawn, by range. */
const LENGTH = { "15m": 15 * 60, "24h": 24 * 60 * 60 };

/** Steps over which a rate is taken, by range. */
const WINDOW = { "15m": 10, "24h": 1 };

/** Steps without a search over which the line still goes on. */
const REACH = 30;

/** Seconds that the growing step counts for at the least. */
const GROWN = 10;

/** Seconds that the numbers are allowed to be behind the time. */
const LAG = 3;

/** Kinds of events that are bad, and good. */
const BAD = new Set(["down", "out"]);
const GOOD = new Set(["up", "started"]);

/**
 * Return what to draw.
 *
 * @param {Overview} overview
 * @param {number} now seconds since 1970, by the proxy's clock
 * @returns {Series}
 */
export function seriesOf({ plot, machines, events }, now) {
  const { step, range, from } = plot;
  const window = WINDOW[range];
  // Where nothing happens the proxy has nothing to tell, and time goes on with zeros.
  const until = Math.max(plot.until, Math.floor((now - LAG) / step) * step);
  const count = LENGTH[range] / step;
  const first = until - count * step;
  const times = Array.from({ length: count }, (_, index) => first + index * step);
  const skip = (first - from) / step;
  /** @type {Layer[]} */
  const layers = [];
  /** @type {number[]} */
  let below = times.map(() => 0);
  for (const { name } of machines) {
    const counts = Object.hasOwn(plot.images, name) ? plot.images[name] : [];
    const rates = times.map((start, index) => {
      // Of the time before the first number nothing is known, and nothing is counted.
      const known = skip < 0 ? window : Math.min(window, skip + index + 1);
      const seconds = Math.min(known * step, Math.max(now - start, GROWN));
      return sum(counts, skip + index - window + 1, skip + index) / seconds;
    });
    below = rates.map((rate, index) => rate + below[index]);
    layers.push({ name, rates, tops: below });
  }
  const searches = joined(times.map((_, index) => plot.searchP95[skip + index] || null));
  const marks = events
    .filter(({ at }) => at >= first && at <= until)
    .map(({ at, text, kind }) => ({ at, text, tone: toneOf(kind) }));
  return { times, layers, searches, marks };
}

/**
 * Return the mark nearest to a time.
 *
 * @param {Mark[]} marks
 * @param {number} time
 * @param {number} reach seconds that it may be away
 * @returns {Mark|undefined}
 */
export function markNear(marks, time, reach) {
  let found;
  let least = reach;
  for (const mark of marks) {
    const away = Math.abs(mark.at - time);
    if (away > least) continue;
    found = mark;
    least = away;
  }
  return found;
}

/**
 * Return the last value that there is.
 *
 * @param {(number|null|undefined)[]} values
 */
export function latest(values) {
  return values.reduce((found, value) => value ?? found, null) ?? null;
}

/**
 * Return the indices of values that have no line to either side.
 *
 * @param {(number|null|undefined)[]} values
 * @returns {number[]}
 */
export function lonely(values) {
  const end = values.length - 1;
  return values.flatMap((value, index) => {
    const begins = index === 0 || values[index - 1] === null;
    const ends = index === end || values[index + 1] === null;
    return value != null && begins && ends ? [index] : [];
  });
}

/**
 * Return the values, with what a line goes on over as undefined.
 *
 * @param {(number|null)[]} values
 */
function joined(values) {
  /** @type {(number|null|undefined)[]} */
  const found = [...values];
  let last = -1;
  values.forEach((value, index) => {
    if (value === null) return;
    if (last >= 0 && index - last <= REACH) found.fill(undefined, last + 1, index);
    last = index;
  });
  return found;
}

/**
 * @param {number[]} counts
 * @param {number} first
 * @param {number} last included
 */
function sum(counts, first, last) {
  let total = 0;
  for (let index = Math.max(first, 0); index <= last; index += 1) total += counts[index] ?? 0;
  return total;
}

/**
 * @param {string} kind of an event
 * @returns {Mark["tone"]}
 */
function toneOf(kind) {
  if (BAD.has(kind)) return "bad";
  return GOOD.has(kind) ? "good" : "other";
}
