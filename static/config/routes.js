// The value of a route: read from its three forms, and written back in the same. Pure.
//
// A route is a machine's name, a list of names, or {"backends": [...], "strategy": ...,
// "fallback": ..., "holdSeconds": ...}, where a newer proxy may know more fields.

import { problemOf, put, textOf } from "./values.js";

/** @import { JsonObject, Route, RouteValue } from "../shared/answers.d.ts" */
/** @import { Problem } from "./fields.js" */
/** @import { Choice, Setting } from "./values.js" */

/** @typedef {"strategy"|"fallback"|"spill"} RouteChoice */
/** @typedef {"holdSeconds"|"maxWaiting"|"hedgeAfterMs"} RouteNumber */

/**
 * A route while it is edited; `saved` is undefined for a new one.
 *
 * @typedef {{saved: RouteValue|undefined, backends: {name: string}[], strategy: string,
 *     fallback: boolean, spill: boolean} & Record<RouteNumber, string>} EditedRoute
 */

/**
 * The strategies that can be chosen, the default first; `short` stands in the table.
 *
 * @type {(Choice & {short: string})[]}
 */
export const STRATEGIES = [
  {
    value: "round_robin",
    label: "Take turns (round robin)",
    short: "in turn",
    hint: "Each of them in its turn, of those that are up and have a place.",
  },
  {
    value: "least_busy",
    label: "The least busy",
    short: "the least busy",
    hint: "The one with the fewest requests under way, for its weight.",
  },
  {
    value: "fastest",
    label: "The fastest",
    short: "the fastest",
    hint: "The one that is expected to finish first.",
  },
  {
    value: "in_order",
    label: "In order",
    short: "in order",
    hint: "The first one that is up; the next one only when it is down.",
  },
];

const DEFAULT_STRATEGY = STRATEGIES[0].value;

/** @type {RouteChoice[]} */
const CHOICES = ["strategy", "fallback", "spill"];

/**
 * The numbers of a route, each of which may be left out.
 *
 * @type {Setting<RouteNumber>[]}
 */
export const ROUTE_NUMBERS = [
  {
    name: "holdSeconds",
    label: "Hold work for",
    kind: "seconds",
    words: ["auto"],
    byDefault: "auto, which bridges a restart",
    about: "While all of these machines are down; 280 s at the most, 0 for not at all.",
  },
  {
    name: "maxWaiting",
    label: "Requests that may wait",
    kind: "number",
    byDefault: "1000",
    about: "More are refused.",
  },
  {
    name: "hedgeAfterMs",
    label: "Hedge searches after",
    kind: "milliseconds",
    byDefault: "never",
    about: "A second machine is then asked as well, such as after 200 ms.",
  },
];

const KNOWN = ["backends", ...CHOICES, ...ROUTE_NUMBERS.map(({ name }) => name)];

/**
 * Return an editable route.
 *
 * @param {RouteValue|undefined} value as saved; undefined for a new route
 * @param {(name: string) => {name: string}} refer finds the machine of a name, so that
 *     the route follows when that is renamed
 * @returns {EditedRoute}
 */
export function readRoute(value, refer = (name) => ({ name })) {
  const { names, ...rest } = meaning(value);
  return { saved: value, backends: names.map(refer), ...rest };
}

/**
 * Return what a strategy is called in a line.
 *
 * @param {string} strategy
 */
export function strategyWords(strategy) {
  return STRATEGIES.find(({ value }) => value === strategy)?.short ?? strategy;
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
  for (const number of ROUTE_NUMBERS) put(written, number, route[number.name]);
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
    ROUTE_NUMBERS.some((number) => isOther(fieldsOf(route.saved), number, route[number.name])) ||
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
  return ROUTE_NUMBERS.map((number) => ({
    steps: [number.name],
    text: problemOf(fieldsOf(route.saved), number, route[number.name]),
  })).filter(({ text }) => text);
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
 * Return the fields that only a newer proxy knows; they stay as they are.
 *
 * @param {RouteValue|undefined} value
 * @returns {JsonObject}
 */
export function unknownOf(value) {
  const fields = Object.entries(fieldsOf(value));
  return Object.fromEntries(fields.filter(([name]) => !KNOWN.includes(name)));
}

/**
 * Return the long form of a route, whatever form it is saved in.
 *
 * @param {RouteValue|undefined} value
 * @returns {Route}
 */
export function longForm(value) {
  return { ...fieldsOf(value), backends: meaning(value).names };
}

/** @param {EditedRoute} route */
function namesOf(route) {
  return route.backends.map(({ name }) => name);
}

/**
 * @param {JsonObject} saved
 * @param {Setting} number
 * @param {string} text
 */
function isOther(saved, number, text) {
  const after = { ...saved };
  put(after, number, text);
  return JSON.stringify(after) !== JSON.stringify(saved);
}

/** @param {RouteValue|undefined} value */
function meaning(value) {
  const fields = fieldsOf(value);
  const names = isObject(value) ? value.backends : value;
  const [holdSeconds, maxWaiting, hedgeAfterMs] = ROUTE_NUMBERS.map((one) => textOf(fields, one));
  return {
    names: [names ?? ""].flat().filter((name) => typeof name === "string" && name !== ""),
    strategy: fields.strategy || DEFAULT_STRATEGY,
    fallback: fields.fallback === true,
    spill: fields.spill === true,
    holdSeconds,
    maxWaiting,
    hedgeAfterMs,
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
