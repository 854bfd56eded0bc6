// Machines and routes as the verdict and the table speak of them. Pure.

import { clockTime, list, routeWord } from "../shared/words.js";

/** @import { Machine, Route } from "./overview.d.ts" */

/**
 * Whether a machine was put aside on purpose.
 *
 * @param {Machine} machine
 */
export function isAside({ state }) {
  return state === "drained" || state === "disabled";
}

/**
 * Say since when and by whom a machine was put aside: "nas is drained by you since 14:02",
 * or until when: "gpu is off until 22:00 by its window".
 *
 * @param {Machine} machine
 * @param {number} now
 */
export function asideWords({ name, state, since, by, until }, now) {
  if (by === "window") return `${name} is off ${untilWords(until, now)} by its window`;
  if (by === "hand" && until) return `${name} is ${state} by you ${untilWords(until, now)}`;
  if (until) return `${name} is ${state} ${untilWords(until, now)}`;
  if (by === "hand") return `${name} is ${state} by you since ${clockTime(since, now)}`;
  return `${name} is ${state} in the configuration`;
}

/**
 * Say when something ends by itself: "until 16:10"; empty if it does not.
 *
 * @param {number|null} until
 * @param {number} now
 */
export function untilWords(until, now) {
  return until ? `until ${clockTime(until, now)}` : "";
}

/**
 * Say what becomes of the work of routes that have nobody.
 *
 * @param {Route[]} stuck
 */
export function stuckWords(stuck) {
  if (stuck.length === 0) return "";
  const routes = list(stuck.map(({ key }) => routeWord(key)));
  const holds = stuck.every((route) => route.holds);
  if (holds) return `what comes for ${routes} is held until it is back`;
  return `no machine is left for ${routes}`;
}

/**
 * Whether a machine gets work of a route, be it only when its others are down.
 *
 * @param {Route} route
 * @param {string} name
 */
export function isOf({ machines, fallback }, name) {
  return machines.includes(name) || fallback.includes(name);
}
