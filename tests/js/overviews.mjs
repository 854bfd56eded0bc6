// Overviews for the tests: a gaming PC that is down, a Mac that works, a NAS put aside.

import { readFileSync } from "node:fs";

const TROUBLE = readFileSync(new URL("./trouble.json", import.meta.url), "utf-8");

export const NOW = JSON.parse(TROUBLE).now;

/** Return a machine that is up and idle, but for `more`. */
export function machine(name, more = {}) {
  const { machines } = JSON.parse(TROUBLE);
  const idle = { state: "up", since: NOW - 3600, why: "", by: null, limit: 4 };
  return { ...machines[0], name, url: `http://${name}:3003`, ...idle, ...more };
}

/** Return a route on which nothing happens, but for `more`. */
export function route(key, machines, more = {}) {
  const idle = { fallback: [], down: false, holds: false, arrived: {}, to: {}, waiting: [] };
  return { key, machines, maxWaiting: 1000, ...idle, ...more };
}

/** Return what waits: `held` of it for a machine that is down. */
export function waiting(kind, count, held, age) {
  const task = kind === "faces" ? "facial-recognition" : kind;
  const oldest = NOW - age;
  return { kind, waiting: count, held, oldest, givesUp: null, for: [], takers: [], task };
}

/** Return an overview in trouble, but for `more`. */
export function trouble(more = {}) {
  return { ...JSON.parse(TROUBLE), ...more };
}
