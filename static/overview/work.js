// Puts the work of the backends, as `/api/status` tells it, into words. Pure.

import { readRoute } from "../config/routes.js";
import { duration, plural } from "../shared/words.js";

/** @import { BackendStatus, Configuration, RouteStatus } from "../shared/answers.d.ts" */

/**
 * Say what a backend does and has done.
 *
 * @param {BackendStatus|undefined} numbers
 * @returns {string} empty if nothing is known
 */
export function workWords(numbers) {
  if (!numbers) return "";
  const { state, inFlight, limit, limitIsFound, waiting, served, failed } = numbers;
  const places = limitIsFound ? `${limit} (auto)` : limit;
  const told = [`${inFlight} of ${places} under way`];
  if (waiting > 0) told.push(`${waiting} waiting`);
  told.push(`${served} served`);
  if (failed > 0) told.push(`${failed} failed`);
  const draining = state === "drain" ? "Draining: takes nothing new. " : "";
  return draining + told.join(", ");
}

/**
 * Return the rows of a table of service times, the most frequent work first.
 *
 * @param {BackendStatus|undefined} numbers
 * @returns {{task: string, count: number, times: string[]}[]} `times`: half, 90 % and
 *     99 % of the requests took no longer
 */
export function serviceTimes(numbers) {
  return Object.entries(numbers?.serviceTimes ?? {})
    .map(([task, { count, p50, p90, p99 }]) => ({
      task,
      count,
      times: [p50, p90, p99].map(duration),
    }))
    .sort((one, other) => other.count - one.count);
}

/**
 * Say how much work is held because no backend that may do it is up, and which ones it
 * waits for; empty if none is.
 *
 * @param {Record<string, RouteStatus>} routes by key
 * @param {Configuration} configuration
 */
export function heldWords(routes, configuration) {
  const [count, names] = sum(routes, configuration, ({ held }) => held);
  if (count === 0) return "";
  const requests = `${plural(count, "request")} ${count === 1 ? "is" : "are"}`;
  const until = names.length === 1 ? "it is back" : "one of them is back";
  return `${requests} held for: ${names.join(", ")}. The work goes on when ${until}.`;
}

/**
 * Say how much work waits for a place at a backend; the rest as `heldWords`.
 *
 * @param {Record<string, RouteStatus>} routes by key
 * @param {Configuration} configuration
 */
export function waitingWords(routes, configuration) {
  const [count, names] = sum(routes, configuration, ({ waiting, held }) => waiting - held);
  if (count === 0) return "";
  const requests = `${plural(count, "request")} ${count === 1 ? "waits" : "wait"}`;
  return `${requests} for a place at: ${names.join(", ")}.`;
}

/**
 * Return how many requests of all routes count, and the names of their backends.
 *
 * @param {Record<string, RouteStatus>} routes by key
 * @param {Configuration} configuration
 * @param {(route: RouteStatus) => number} countOf
 * @returns {[number, string[]]}
 */
function sum(routes, configuration, countOf) {
  const waiting = Object.entries(routes).filter(([, route]) => countOf(route) > 0);
  const names = waiting.flatMap(([key]) => backendsOf(key, configuration));
  const count = waiting.reduce((total, [, route]) => total + countOf(route), 0);
  return [count, [...new Set(names)]];
}

/**
 * Return the names of a route's backends; its key, if it is configured no longer.
 *
 * @param {string} key
 * @param {Configuration} configuration
 */
function backendsOf(key, { defaultBackend, taskRouting }) {
  const found = Object.entries(taskRouting ?? {}).find(
    ([written]) => written.replaceAll("_", "-") === key,
  );
  const { backends } = readRoute(found ? found[1] : key === "default" ? defaultBackend : key);
  return backends.map(({ name }) => name);
}
