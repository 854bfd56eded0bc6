// What differs between two configurations, field by field; and the same done to a third. Pure.
//
// Machines are found by their names, work by its key; the order of a route's machines is one
// value. A machine or a route that came or went is one change.

import { longForm } from "./routes.js";

/** @import { Backend, Configuration, JsonObject, Route, RouteValue } from "../shared/answers.d.ts" */
/** @import { Step } from "./fields.js" */

/**
 * `path`: ["backends", NAME, FIELD, ...], ["taskRouting", KEY, FIELD], ["defaultBackend",
 * FIELD] or [FIELD, ...]; shorter for what came (`before` undefined) or went (`after`);
 * ["backends"] alone is the order of the machines' names.
 *
 * @typedef {{path: Step[], before: unknown, after: unknown}} Change
 */

/** @typedef {{mine: Change[], theirs: Change[]}} Conflict Both change the same. */

/** What means the same as nothing, in a route. @type {JsonObject} */
const OF_A_ROUTE = { strategy: "round_robin", fallback: false, spill: false };

/** Fields that have fields of their own; without any they mean the same as nothing. */
const PARTS = ["limits", "wakeOnLan", "headers", "immich"];

const APART = ["backends", "taskRouting", "defaultBackend"];

/**
 * Return what has to be done to `before` for it to be `after`.
 *
 * @param {Configuration} before
 * @param {Configuration} after
 * @param {Map<string, string>} renames names in `before` to those in `after`
 * @returns {Change[]}
 */
export function changesBetween(before, after, renames = guessed(before, after)) {
  return [
    ...ofBackends(before.backends ?? [], after.backends ?? [], renames),
    ...ofRoute(["defaultBackend"], before.defaultBackend, after.defaultBackend, renames),
    ...ofRoutes(before.taskRouting ?? {}, after.taskRouting ?? {}, renames),
    ...ofFields([], without(before), without(after)),
  ];
}

/**
 * Return `document` with the changes made to it; those for what is not there are left out.
 *
 * @param {Configuration} document it is not changed itself
 * @param {Change[]} changes
 */
export function withChanges(document, changes) {
  /** @type {Configuration} */
  const copy = structuredClone(document);
  for (const { path, after } of changes) {
    const [first, second, ...rest] = path;
    if (first === "backends") changeBackends(copy, second, rest, after);
    else if (first === "defaultBackend") {
      copy.defaultBackend = changedRoute(copy.defaultBackend, String(second), after);
    } else if (first === "taskRouting") changeRoutes(copy, String(second), rest, after);
    else setAt(/** @type {JsonObject} */ (copy), path, after);
  }
  return copy;
}

/**
 * Return which changes contradict each other, and which of `mine` do not.
 *
 * @param {Change[]} mine
 * @param {Change[]} theirs
 * @returns {{conflicts: Conflict[], free: Change[]}}
 */
export function conflictsOf(mine, theirs) {
  /** @type {Conflict[]} */
  const conflicts = [];
  /** @type {Change[]} */
  const free = [];
  for (const one of mine) {
    const others = theirs.filter((other) => meet(one.path, other.path) && !isSame(one, other));
    const known = conflicts.find((conflict) => conflict.theirs.some((other) => others.includes(other)));
    if (others.length === 0) free.push(one);
    else if (known) known.mine.push(one);
    else conflicts.push({ mine: [one], theirs: others });
  }
  return { conflicts, free };
}

/**
 * @param {Backend[]} before
 * @param {Backend[]} after
 * @param {Map<string, string>} renames
 */
function ofBackends(before, after, renames) {
  /** @type {Change[]} */
  const changes = [];
  const named = new Map(after.map((backend) => [backend.name, backend]));
  const kept = before.filter(({ name }) => named.has(renames.get(name) ?? name));
  const newNames = new Set(kept.map(({ name }) => renames.get(name) ?? name));
  for (const one of before) {
    const path = ["backends", one.name];
    const other = named.get(renames.get(one.name) ?? one.name);
    if (other) changes.push(...ofFields(path, one, other));
    else changes.push({ path, before: one, after: undefined });
  }
  for (const one of after.filter(({ name }) => !newNames.has(name))) {
    changes.push({ path: ["backends", one.name], before: undefined, after: one });
  }
  const names = kept.map(({ name }) => renames.get(name) ?? name);
  const order = after.map(({ name }) => name).filter((name) => newNames.has(name));
  if (!equal(names, order)) changes.push({ path: ["backends"], before: names, after: order });
  return changes;
}

/**
 * @param {Record<string, RouteValue>} before
 * @param {Record<string, RouteValue>} after
 * @param {Map<string, string>} renames
 */
function ofRoutes(before, after, renames) {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((key) => {
    const path = ["taskRouting", key];
    if (!Object.hasOwn(after, key)) return [{ path, before: before[key], after: undefined }];
    if (!Object.hasOwn(before, key)) return [{ path, before: undefined, after: after[key] }];
    return ofRoute(path, before[key], after[key], renames);
  });
}

/**
 * @param {Step[]} path
 * @param {RouteValue|undefined} before
 * @param {RouteValue|undefined} after
 * @param {Map<string, string>} renames
 */
function ofRoute(path, before, after, renames) {
  const { backends, ...rest } = longForm(before);
  const names = backends.map((name) => renames.get(name) ?? name);
  return ofFields(path, meant({ backends: names, ...rest }), meant(longForm(after)));
}

/**
 * @param {Step[]} path
 * @param {JsonObject} before
 * @param {JsonObject} after
 * @returns {Change[]}
 */
function ofFields(path, before, after) {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return names.flatMap((name) => {
    const [one, other] = [before[name], after[name]];
    if (equal(one, other)) return [];
    const [inOne, inOther] = [one ?? {}, other ?? {}];
    if (PARTS.includes(name) && isObject(inOne) && isObject(inOther)) {
      return ofFields([...path, name], inOne, inOther);
    }
    return [{ path: [...path, name], before: one, after: other }];
  });
}

/**
 * @param {Configuration} copy
 * @param {Step|undefined} name of the machine
 * @param {Step[]} rest
 * @param {unknown} after
 */
function changeBackends(copy, name, rest, after) {
  const backends = copy.backends ?? [];
  if (name === undefined) {
    const order = /** @type {string[]} */ (after);
    const place = (/** @type {Backend} */ one) => order.indexOf(one.name) >>> 0; // unknown: last
    copy.backends = [...backends].sort((one, other) => place(one) - place(other));
    return;
  }
  const others = backends.filter((one) => one.name !== name);
  const known = backends.find((one) => one.name === name);
  if (rest.length === 0) copy.backends = after ? [...others, /** @type {Backend} */ (after)] : others;
  else if (known) setAt(known, rest, after);
  if (rest[0] === "name" && known) rename(copy, String(name), String(after));
}

/**
 * @param {Configuration} copy
 * @param {string} before
 * @param {string} after
 */
function rename(copy, before, after) {
  const renamed = (/** @type {RouteValue|undefined} */ value) => {
    const names = longForm(value).backends.map((name) => (name === before ? after : name));
    return equal(names, longForm(value).backends) ? value : changedRoute(value, "backends", names);
  };
  copy.defaultBackend = renamed(copy.defaultBackend);
  for (const [key, value] of Object.entries(copy.taskRouting ?? {})) {
    changeRoutes(copy, key, [], renamed(value));
  }
}

/**
 * @param {Configuration} copy
 * @param {string} key
 * @param {Step[]} rest
 * @param {unknown} after
 */
function changeRoutes(copy, key, rest, after) {
  const routing = new Map(Object.entries(copy.taskRouting ?? {}));
  if (rest.length > 0) routing.set(key, changedRoute(routing.get(key), String(rest[0]), after));
  else if (after === undefined) routing.delete(key);
  else routing.set(key, /** @type {RouteValue} */ (after));
  copy.taskRouting = Object.fromEntries(routing);
}

/**
 * @param {RouteValue|undefined} value
 * @param {string} field
 * @param {unknown} after
 * @returns {RouteValue}
 */
function changedRoute(value, field, after) {
  /** @type {Route & JsonObject} */
  const route = longForm(value);
  if (after === undefined) delete route[field];
  else Object.assign(route, { [field]: after });
  const { backends, ...rest } = route;
  if (Object.keys(rest).length > 0 || isObject(value)) return route;
  return backends.length === 1 && !Array.isArray(value) ? backends[0] : backends;
}

/**
 * @param {JsonObject} owner
 * @param {Step[]} path
 * @param {unknown} after
 */
function setAt(owner, [first, ...rest], after) {
  const value = owner[first];
  if (rest.length > 0) {
    const part = isObject(value) ? value : {};
    setAt(part, rest, after);
    after = Object.keys(part).length > 0 ? part : undefined;
  }
  if (after === undefined) delete owner[first];
  else Object.defineProperty(owner, first, { value: after, writable: true, enumerable: true, configurable: true });
}

/**
 * Take a machine that went while another one came at its address to be renamed.
 *
 * @param {Configuration} before
 * @param {Configuration} after
 */
function guessed(before, after) {
  /** @type {Map<string, string>} */
  const renames = new Map();
  const names = (/** @type {Configuration} */ { backends }) => (backends ?? []).map(({ name }) => name);
  const came = (after.backends ?? []).filter(({ name }) => !names(before).includes(name));
  for (const { name, url } of before.backends ?? []) {
    const [other] = came.filter((one) => one.url === url);
    if (other && !names(after).includes(name)) renames.set(name, other.name);
  }
  return renames;
}

/** @param {Step[]} one @param {Step[]} other */
function meet(one, other) {
  const length = Math.min(one.length, other.length);
  const isOrder = length === 1 && one[0] === "backends";
  return isOrder ? one.length === other.length : equal(one.slice(0, length), other.slice(0, length));
}

/** @param {Change} one @param {Change} other */
function isSame(one, other) {
  return equal(one.path, other.path) && equal(one.after, other.after);
}

/** @param {JsonObject} route */
function meant(route) {
  return Object.fromEntries(Object.entries(route).filter(([name, value]) => value !== OF_A_ROUTE[name]));
}

/** @param {Configuration} document @returns {JsonObject} */
function without(document) {
  return Object.fromEntries(Object.entries(document).filter(([name]) => !APART.includes(name)));
}

/** @param {unknown} one @param {unknown} other */
function equal(one, other) {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** @param {unknown} value @returns {value is JsonObject} */
function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
