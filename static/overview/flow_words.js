// Puts what the flow shows into words. Pure.

/** @import { Machine, Route } from "./overview.d.ts" */

/** @type {Record<string, string>} */
const WORK = {
  clip: "Searches and pictures",
  textual: "Searches",
  "clip/textual": "Searches",
  visual: "Pictures",
  "clip/visual": "Pictures",
  "facial-recognition": "Faces",
  ocr: "Text in pictures",
};

/**
 * Say which work takes a route.
 *
 * @param {string} key of the route
 * @param {boolean} alone whether there is no other route
 */
export function routeTitle(key, alone) {
  if (key === "default") return alone ? "Everything" : "Everything else";
  return Object.hasOwn(WORK, key) ? WORK[key] : key;
}

/**
 * Return a time span as people say it.
 *
 * @param {number} seconds
 */
export function span(seconds) {
  if (seconds < 90) return `${Math.max(0, Math.round(seconds))} s`;
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 3600)} h`;
}

/**
 * Return a rate in requests a second.
 *
 * @param {number} rate
 */
export function perSecond(rate) {
  if (rate <= 0) return "0";
  if (rate < 0.05) return "< 0.1";
  return rate.toFixed(rate < 10 ? 1 : 0);
}

/**
 * Say how a machine is, in one or two words, and which colour that has.
 *
 * @param {Machine} machine
 * @param {number} now
 * @returns {{tone: "good"|"warn"|"bad"|"idle", text: string}}
 */
export function machineState({ state, since, inFlight, beats }, now) {
  switch (state) {
    case "down":
      return { tone: "bad", text: `down for ${span(now - since)}` };
    case "drained":
      return { tone: "idle", text: inFlight > 0 ? "drained, finishing" : "drained" };
    case "disabled":
      return { tone: "idle", text: "disabled" };
    case "up":
      if (beats.endsWith("e")) return { tone: "warn", text: "up, with errors" };
      return { tone: "good", text: inFlight > 0 ? "working" : "idle" };
    default:
      return { tone: "idle", text: "not asked yet" };
  }
}

/**
 * Say what waits on a route.
 *
 * @param {Route} route
 * @param {number} now
 * @returns {string[]} the most important first; empty if nothing does
 */
export function waitingWords(route, now) {
  const { waiting, held, oldest, rate } = lineOf(route);
  if (waiting === 0) return route.down ? ["no machine is up"] : [];
  const told = [held === waiting ? `${held} held` : `${waiting} waiting`];
  if (held > 0 && held < waiting) told.push(`${held} held`);
  told.push(`oldest ${span(now - oldest)}`);
  if (rate > 0) told.push(`empty in ${span(waiting / rate)}`);
  return told;
}

/**
 * Sum up what waits on a route, of all kinds.
 *
 * @param {Route} route
 * @returns {{waiting: number, held: number, oldest: number, rate: number}} `rate`: what
 *     is answered, in requests per second
 */
export function lineOf(route) {
  const { waiting: lines, to } = route;
  const rates = Object.values(to).flatMap(({ search = 0, image = 0 }) => [search, image]);
  return {
    waiting: lines.reduce((sum, { waiting }) => sum + waiting, 0),
    held: lines.reduce((sum, { held }) => sum + held, 0),
    oldest: Math.min(...lines.map(({ oldest }) => oldest)),
    rate: rates.reduce((sum, rate) => sum + rate, 0),
  };
}
