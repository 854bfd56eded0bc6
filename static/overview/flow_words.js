// Puts what the flow shows into words. Pure.

import { ageWords, routeWord, sentence } from "../shared/words.js";

/** @import { Machine, Route } from "./overview.d.ts" */

/**
 * Say which work takes a route.
 *
 * @param {string} key of the route
 * @param {boolean} alone whether there is no other route
 */
export function routeTitle(key, alone) {
  if (alone && key === "default") return "All work";
  const word = routeWord(key);
  return word === key ? key : sentence(word);
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
      return { tone: "bad", text: `down for ${ageWords(now - since)}` };
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
  told.push(`oldest ${ageWords(now - oldest)}`);
  if (rate > 0) told.push(`empty in ${ageWords(waiting / rate)}`);
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

/** Letters that fit beside each other in a narrow box. */
const NARROW = 10;

/**
 * Return a title for a narrow box: what does not fit goes into a second line.
 *
 * @param {string} title
 * @returns {[string, string]} the second one may be empty
 */
export function inTwo(title) {
  const short = title.replace(" and ", ", ");
  const end = short.lastIndexOf(" ", NARROW);
  if (short.length <= NARROW || end < 1) return [short, ""];
  return [short.slice(0, end), short.slice(end + 1)];
}
