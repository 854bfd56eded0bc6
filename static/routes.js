// The value of a route: read from its three forms, and written back in the same. Pure.
//
// A route is a backend's name, a list of names, or {"backends": [...], "strategy": ...,
// "fallback": ...}, where a newer proxy may know more fields.

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
    hint: "The first one that is healthy, in the order in which you tick them.",
    isOrdered: true,
  },
];

const DEFAULT_STRATEGY = STRATEGIES[0].value;

/**
 * Return an editable route.
 *
 * @param {*} value as saved; undefined for a new route
 * @param {(name: string) => {name: string}} refer finds the backend of a name, so that
 *     the route follows when that is renamed
 * @returns {{saved: *, backends: {name: string}[], strategy: string, fallback: boolean}}
 */
export function readRoute(value, refer = (name) => ({ name })) {
  const { names, strategy, fallback } = meaning(value);
  return { saved: value, backends: names.map(refer), strategy, fallback };
}

/** Return the strategies to offer; one that only a newer proxy knows stays chosen. */
export function strategiesFor({ strategy }) {
  if (STRATEGIES.some(({ value }) => value === strategy)) return STRATEGIES;
  return [...STRATEGIES, { value: strategy, label: strategy }];
}

/** Return what is said below the choice of a route's strategy; may be empty. */
export function strategyHint({ strategy }) {
  return STRATEGIES.find(({ value }) => value === strategy)?.hint ?? "";
}

/** Return a backend's place in a route that goes by the order, from 1 on; else 0. */
export function placeOf({ strategy, backends }, backend) {
  const isOrdered = STRATEGIES.some((known) => known.value === strategy && known.isOrdered);
  return isOrdered ? backends.indexOf(backend) + 1 : 0;
}

/** Return the value to save: what was saved, if that still means the same. */
export function writeRoute(route) {
  if (!isChanged(route)) return route.saved;
  const { saved, strategy, fallback } = route;
  const names = namesOf(route);
  const before = meaning(saved);
  const changes = {};
  if (strategy !== before.strategy) changes.strategy = strategy;
  if (fallback !== before.fallback) changes.fallback = fallback;
  if (isObject(saved)) return { ...saved, backends: names, ...changes };
  if (Object.keys(changes).length > 0) return { backends: names, ...changes };
  return names.length === 1 && !Array.isArray(saved) ? names[0] : names;
}

/** Whether a route is new or means something else than when it was saved. */
export function isChanged(route) {
  if (route.saved === undefined) return true;
  const { names, strategy, fallback } = meaning(route.saved);
  return (
    strategy !== route.strategy ||
    fallback !== route.fallback ||
    JSON.stringify(names) !== JSON.stringify(namesOf(route))
  );
}

function namesOf(route) {
  return route.backends.map(({ name }) => name);
}

function meaning(value) {
  const names = isObject(value) ? value.backends : value;
  return {
    names: [names ?? ""].flat().filter((name) => typeof name === "string" && name !== ""),
    strategy: (isObject(value) && value.strategy) || DEFAULT_STRATEGY,
    fallback: isObject(value) && value.fallback === true,
  };
}

function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
