// The value of a route: read from its three forms, and written back in the same. Pure.
//
// A route is a backend's name, a list of names, or {"backends": [...], "strategy": ...,
// "fallback": ..., "holdSeconds": ...}, where a newer proxy may know more fields.

import { isNoNumber, numberOrAuto, put, textOf } from "./texts.js";

/** @import { Route, RouteValue } from "../shared/answers.d.ts" */
/** @import { Problem } from "./fields.js" */
/** @import { Setting } from "./settings.js" */

/** @typedef {"strategy"|"fallback"|"spill"} RouteChoice */
/** @typedef {"holdSeconds"|"maxWaiting"|"hedgeAfterMs"} RouteNumber */

/**
 * A route while it is edited; `saved` is undefined for a new one.
 *
 * @typedef {{saved: RouteValue|undefined, backends: {name: string}[], strategy: string,
 *     fallback: boolean, spill: boolean} & Record<RouteNumber, string>} EditedRoute
 */

/** The strategies that can be chosen, the default first; `hint` says more. */
export const STRATEGIES = [
  { value: "round_robin", label: "Take turns (round robin)" },
  {
    value: "least_busy",
    label: "The least busy",
    hint: "The one with the fewest requests under way, for its weight.",
  },
  {
    value: "fastest",
    label: "The fastest",
    hint: "The one that is expected to finish first.",
  },
  {
    value: "in_order",
    label: "In order",
    hint: "The first one that is up, in the order in which you tick them.",
    isOrdered: true,
  },
];

const DEFAULT_STRATEGY = STRATEGIES[0].value;

/** @type {RouteChoice[]} */
const CHOICES = ["strategy", "fallback", "spill"];

const AUTO = "auto";

/**
 * The numbers of a route, each of which may be left out.
 *
 * @type {Setting<RouteNumber>[]}
 */
export const ROUTE_NUMBERS = [
  {
    name: "holdSeconds",
    label: "Seconds to hold work",
    byDefault: AUTO,
    note: "While all of these machines are down; 280 at the most. “auto” bridges a restart.",
  },
  {
    name: "maxWaiting",
    label: "Requests that may wait",
    byDefault: 1000,
    note: "More are refused.",
  },
  {
    name: "hedgeAfterMs",
    label: "Hedge searches after (ms)",
    byDefault: "never",
    note: "A second machine is then asked as well.",
  },
];

/**
 * Return an editable route.
 *
 * @param {RouteValue|undefined} value as saved; undefined for a new route
 * @param {(name: string) => {name: string}} refer finds the backend of a name, so that
 *     the route follows when that is renamed
 * @returns {EditedRoute}
 */
export function readRoute(value, refer = (name) => ({ name })) {
  const { names, ...rest } = meaning(value);
  return { saved: value, backends: names.map(refer), ...rest };
}

/**
 * Return the strategies to offer; one that only a newer proxy knows stays chosen.
 *
 * @param {{strategy: string}} route
 */
export function strategiesFor({ strategy }) {
  if (STRATEGIES.some(({ value }) => value === strategy)) return STRATEGIES;
  return [...STRATEGIES, { value: strategy, label: strategy }];
}

/**
 * Return what is said below the choice of a route's strategy; may be empty.
 *
 * @param {{strategy: string}} route
 */
export function strategyHint({ strategy }) {
  return STRATEGIES.find(({ value }) => value === strategy)?.hint ?? "";
}

/**
 * Return a backend's place in a route that goes by the order, from 1 on; else 0.
 *
 * @param {{strategy: string, backends: {name: string}[]}} route
 * @param {{name: string}} backend
 */
export function placeOf({ strategy, backends }, backend) {
  const isOrdered = STRATEGIES.some((known) => known.value === strategy && known.isOrdered);
  return isOrdered ? backends.indexOf(backend) + 1 : 0;
}

/**
 * Return the value to save: what was saved, if that still means the same.
 *
 * @param {EditedRoute} route
 * @returns {RouteValue}
 */
export function writeRoute(route) {
  const { saved } = route;
  if (saved !== undefined && !isChanged(route)) return saved;
  const before = meaning(saved);
  const names = namesOf(route);
  /** @type {Route} */
  const written = { ...fieldsOf(saved), backends: names };
  for (const name of CHOICES) {
    if (route[name] !== before[name]) Object.assign(written, { [name]: route[name] });
  }
  for (const { name } of ROUTE_NUMBERS) put(written, name, route[name], numberOf(name));
  if (isObject(saved) || Object.keys(written).length > 1) return written;
  return names.length === 1 && !Array.isArray(saved) ? names[0] : names;
}

/**
 * Whether a route is new or means something else than when it was saved.
 *
 * @param {EditedRoute} route
 */
export function isChanged(route) {
  if (route.saved === undefined) return true;
  const { names, ...before } = meaning(route.saved);
  return (
    CHOICES.some((name) => before[name] !== route[name]) ||
    ROUTE_NUMBERS.some(({ name }) => before[name] !== route[name]) ||
    JSON.stringify(names) !== JSON.stringify(namesOf(route))
  );
}

/**
 * Return what cannot be sent.
 *
 * @param {EditedRoute} route
 * @returns {Problem[]} steps from the route on
 */
export function routeProblems(route) {
  const saved = fieldsOf(route.saved);
  const isWrong = (/** @type {RouteNumber} */ name) =>
    numberOf(name)(route[name]) !== AUTO && isNoNumber(saved, name, route[name]);
  return ROUTE_NUMBERS.filter(({ name }) => isWrong(name)).map(({ name, byDefault }) => ({
    steps: [name],
    text: byDefault === AUTO ? "Must be a number or auto." : "Must be a number.",
  }));
}

/**
 * Return how many of the fields are set that are folded away on the page.
 *
 * @param {EditedRoute} route
 */
export function countSet(route) {
  const numbers = ROUTE_NUMBERS.filter(({ name }) => route[name] !== "");
  return numbers.length + (route.spill ? 1 : 0);
}

/**
 * Return what reads what was typed.
 *
 * @param {RouteNumber} name
 */
function numberOf(name) {
  return name === "holdSeconds" ? numberOrAuto : Number;
}

/** @param {EditedRoute} route */
function namesOf(route) {
  return route.backends.map(({ name }) => name);
}

/** @param {RouteValue|undefined} value */
function meaning(value) {
  const fields = fieldsOf(value);
  const names = isObject(value) ? value.backends : value;
  return {
    names: [names ?? ""].flat().filter((name) => typeof name === "string" && name !== ""),
    strategy: fields.strategy || DEFAULT_STRATEGY,
    fallback: fields.fallback === true,
    spill: fields.spill === true,
    holdSeconds: textOf(fields, "holdSeconds"),
    maxWaiting: textOf(fields, "maxWaiting"),
    hedgeAfterMs: textOf(fields, "hedgeAfterMs"),
  };
}

/**
 * Return the fields of the long form; none of a short one.
 *
 * @param {RouteValue|undefined} value
 * @returns {Partial<Route>}
 */
function fieldsOf(value) {
  return isObject(value) ? value : {};
}

/**
 * @param {RouteValue|undefined} value
 * @returns {value is Route}
 */
function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
