// Puts the answers about recorded requests together into what is known by now. Pure.

/** @import { Row, Rows } from "./debug.d.ts" */

/**
 * `rows`: newest first, without a gap; what is `older` has not been asked for yet.
 *
 * @typedef {Omit<Rows, "dropped"|"more"|"reset">} Known
 */

/**
 * Return what is known after a first answer.
 *
 * @param {Rows} answer
 * @returns {Known}
 */
export function begun({ rows, next, older, total, matching, underWay, underWayTotal }) {
  const newest = [...rows].reverse();
  return { rows: newest, next, older, total, matching, underWay, underWayTotal };
}

/**
 * Return what is known after an answer that tells what is newer.
 *
 * @param {Known} known
 * @param {Rows} answer
 * @returns {Known}
 */
export function renewed(known, answer) {
  if (answer.reset) return begun(answer);
  const { next, total, matching, underWay, underWayTotal } = answer;
  const seen = new Set(answer.rows.map(({ id }) => id));
  const before = seen.size ? known.rows.filter(({ id }) => !seen.has(id)) : known.rows;
  // The oldest are forgotten by the proxy, so they are here.
  const rows = [...[...answer.rows].reverse(), ...before].slice(0, Math.max(matching, 0));
  const older = rows.length < matching ? known.older : null;
  return { rows, next, older, total, matching, underWay, underWayTotal };
}

/**
 * Return what is known after an answer that tells what is older.
 *
 * @param {Known} known
 * @param {Rows} answer
 * @returns {Known}
 */
export function continued(known, answer) {
  const rows = [...known.rows, ...[...answer.rows].reverse()];
  return { ...known, rows, older: answer.older };
}

/**
 * Return how many lines the list has: those that are not known yet have their place.
 *
 * @param {Known} known
 */
export function length({ rows, older, matching, underWay }) {
  return underWay.length + (older === null ? rows.length : Math.max(matching, rows.length + 1));
}

/**
 * Return a line of the list: what is under way comes first.
 *
 * @param {Known} known
 * @param {number} index
 * @returns {Row|undefined} undefined: it is not known yet
 */
export function lineAt({ rows, underWay }, index) {
  return index < underWay.length ? underWay[index] : rows[index - underWay.length];
}

/**
 * Return where in the list a request is.
 *
 * @param {Known} known
 * @param {string} id
 * @returns {number} -1: it is not there
 */
export function placeOf({ rows, underWay }, id) {
  const now = underWay.findIndex((row) => row.id === id);
  if (now >= 0) return now;
  const then = rows.findIndex((row) => row.id === id);
  return then < 0 ? then : then + underWay.length;
}
