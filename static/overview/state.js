// Puts the answers of `/api/overview` together into what is known by now. Pure.

/** @import { Event, Overview, Plot } from "./overview.d.ts" */

/** Seconds that a plot goes back. */
export const SPANS = { "15m": 900, "24h": 86400 };

/** So many events are kept. */
const EVENTS = 200;

/**
 * Return what is known after an answer.
 *
 * @param {Overview|null} before what was known; null: nothing
 * @param {Overview} answer
 * @returns {Overview}
 */
export function merged(before, answer) {
  if (answer.full || !before || before.plot.range !== answer.plot.range) return answer;
  return {
    ...answer,
    plot: joined(before.plot, answer.plot),
    events: following(before.events, answer.events),
  };
}

/**
 * Return a plot with the steps that have come since; a step that comes again counts.
 *
 * @param {Plot} before
 * @param {Plot} since
 * @returns {Plot}
 */
function joined(before, since) {
  const { range, step } = since;
  // A proxy that has only just started has no steps yet, and nothing to end them.
  const until = Math.max(before.until, since.until, since.from);
  const from = Math.max(before.from, until - SPANS[range]);
  const length = Math.round((until - from) / step);

  /** @param {number[]} old @param {number[]} recent */
  function array(old, recent) {
    const steps = new Array(length).fill(0);
    for (const [values, start] of /** @type {const} */ ([
      [old, before.from],
      [recent, since.from],
    ])) {
      const offset = Math.round((start - from) / step);
      values.forEach((value, index) => {
        const place = offset + index;
        if (place >= 0 && place < length) steps[place] = value;
      });
    }
    return steps;
  }

  /** @type {Record<string, number[]>} */
  const images = Object.create(null);
  for (const name of new Set([...Object.keys(before.images), ...Object.keys(since.images)])) {
    const steps = array(of(before.images, name), of(since.images, name));
    if (steps.some((count) => count > 0)) images[name] = steps;
  }
  const searchP95 = array(before.searchP95, since.searchP95);
  return { range, step, from, until, images, searchP95 };
}

/**
 * @param {Record<string, number[]>} arrays
 * @param {string} name any, even `constructor`
 */
function of(arrays, name) {
  return Object.hasOwn(arrays, name) ? arrays[name] : [];
}

/**
 * @param {Event[]} before
 * @param {Event[]} since
 */
function following(before, since) {
  const last = before.at(-1)?.id ?? -Infinity;
  return [...before, ...since.filter(({ id }) => id > last)].slice(-EVENTS);
}

/**
 * Return by how many seconds the proxy's clock is ahead of this one's. An answer that is
 * told a second time tells nothing of the time.
 *
 * @param {Overview|null} before
 * @param {Overview} answer
 * @param {number} here this clock's seconds
 * @param {number} known what was found the last time
 */
export function ahead(before, answer, here, known) {
  return before && answer.now <= before.now ? known : answer.now - here;
}
