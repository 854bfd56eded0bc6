// A configuration being edited: read from a document, and written back with nothing
// changed but what the user has changed. Fields that are not known here stay. Pure.

import { backendProblems, readBackend, writeBackend } from "./backends.js";
import { isChanged, readRoute, routeProblems, writeRoute } from "./routes.js";
import { SETTINGS, putSetting, settingText } from "./settings.js";
import { isNoNumber, putPart, textOf } from "./texts.js";

/** @import { Configuration } from "../shared/answers.d.ts" */
/** @import { EditedBackend } from "./backends.js" */
/** @import { Problem, Step } from "./fields.js" */
/** @import { EditedRoute } from "./routes.js" */

/** @typedef {EditedRoute & {key: string}} KeyedRoute */

/**
 * `settings` are texts by name; `immich`: its address and key, the latter masked.
 *
 * @typedef {{document: Configuration, backends: EditedBackend[], default: EditedRoute,
 *     routes: KeyedRoute[], settings: Map<string, string>,
 *     immich: {url: string, apiKey: string}}} Draft
 */

/**
 * Return a draft of `document`, as `GET /api/config` gives it. Its routes hold backends,
 * not names: renaming one renames it in its routes.
 *
 * @param {Configuration} document
 * @returns {Draft}
 */
export function readDraft(document) {
  const backends = (document.backends ?? []).map(readBackend);
  const named = new Map(backends.map((backend) => [backend.name, backend]));
  const refer = (/** @type {string} */ name) => named.get(name) ?? { name };
  return {
    document,
    backends,
    default: readRoute(document.defaultBackend, refer),
    routes: Object.entries(document.taskRouting ?? {}).map(([key, value]) => ({
      key,
      ...readRoute(value, refer),
    })),
    settings: new Map(SETTINGS.map((setting) => [setting.name, settingText(document, setting)])),
    immich: {
      url: textOf(document.immich, "url"),
      apiKey: textOf(document.immich, "apiKey"),
    },
  };
}

/**
 * Return the document to save.
 *
 * @param {Draft} draft
 */
export function writeDraft(draft) {
  const document = { ...draft.document };
  if (isChanged(draft.default)) {
    const chosen = draft.default.backends.length > 0;
    if (chosen || draft.default.saved !== undefined) {
      document.defaultBackend = chosen ? writeRoute(draft.default) : "";
    }
  }
  if (document.backends || draft.backends.length > 0) {
    document.backends = draft.backends.map(writeBackend);
  }
  if (document.taskRouting || draft.routes.length > 0) {
    document.taskRouting = Object.fromEntries(
      draft.routes.map((route) => [route.key, writeRoute(route)]),
    );
  }
  for (const setting of SETTINGS) {
    putSetting(document, setting, draft.settings.get(setting.name) ?? "");
  }
  putPart(document, "immich", Object.entries(draft.immich), String);
  return document;
}

/**
 * Whether saving the draft would change anything, or would have to be refused.
 *
 * @param {Draft} draft
 */
export function hasChanges(draft) {
  return (
    JSON.stringify(writeDraft(draft)) !== JSON.stringify(draft.document) ||
    problems(draft).length > 0
  );
}

/**
 * Return what cannot even be sent, in the order of the page; all else is judged by
 * the proxy.
 *
 * @param {Draft} draft
 */
export function problems(draft) {
  /** @type {Problem[]} */
  const found = [];
  const refuse = (/** @type {Step[]} */ place, /** @type {Problem[]} */ problems) =>
    found.push(...problems.map(({ steps, text }) => ({ steps: [...place, ...steps], text })));
  draft.backends.forEach((backend, index) => {
    refuse(["backends", index], backendProblems(backend));
  });
  refuse(["defaultBackend"], routeProblems(draft.default));
  const keys = new Set();
  draft.routes.forEach((route, index) => {
    const { key } = route;
    const steps = ["routes", index, "key"];
    if (key === "") found.push({ steps, text: "Say which work this route is for." });
    else if (keys.has(key)) found.push({ steps, text: `There is another route for ${key}.` });
    keys.add(key);
    if (route.backends.length === 0 && isChanged(route)) {
      const text = "Choose at least one machine, or remove the route.";
      found.push({ steps: ["routes", index, "backends"], text });
    }
    refuse(["routes", index], routeProblems(route));
  });
  for (const { name, choices } of SETTINGS) {
    if (!choices && isNoNumber(draft.document, name, draft.settings.get(name) ?? "")) {
      found.push({ steps: [name], text: "Must be a number." });
    }
  }
  return found;
}

/**
 * Add a backend; the first one gets all work.
 *
 * @param {Draft} draft
 */
export function addBackend(draft) {
  const backend = readBackend(undefined);
  if (draft.backends.length === 0 && draft.default.backends.length === 0) {
    draft.default.backends.push(backend);
  }
  draft.backends.push(backend);
  return backend;
}

/**
 * Add a route without key and backends.
 *
 * @param {Draft} draft
 */
export function addRoute(draft) {
  const route = { key: "", ...readRoute(undefined) };
  draft.routes.push(route);
  return route;
}

/**
 * Return who refers to a backend.
 *
 * @param {Draft} draft
 * @param {EditedBackend} backend
 * @returns {{byDefault: boolean, keys: string[], emptied: string[]}} the keys of routes
 *     that keep other backends, and of those that have this one alone
 */
export function usesOf(draft, backend) {
  const using = draft.routes.filter((route) => route.backends.includes(backend));
  const keysOf = (/** @type {KeyedRoute[]} */ routes) => routes.map((route) => route.key);
  return {
    byDefault: draft.default.backends.includes(backend),
    keys: keysOf(using.filter((route) => route.backends.length > 1)),
    emptied: keysOf(using.filter((route) => route.backends.length === 1)),
  };
}

/**
 * Remove a backend, its references, and the routes that have no other backend.
 *
 * @param {Draft} draft
 * @param {EditedBackend} backend
 */
export function removeBackend(draft, backend) {
  const others = (/** @type {{name: string}} */ item) => item !== backend;
  const isLeft = (/** @type {KeyedRoute} */ route) =>
    !route.backends.includes(backend) || route.backends.length > 1;
  draft.backends = draft.backends.filter(others);
  draft.routes = draft.routes.filter(isLeft);
  for (const route of [draft.default, ...draft.routes]) {
    route.backends = route.backends.filter(others);
  }
}

/**
 * Choose a backend for a route, or choose it no longer.
 *
 * @param {EditedRoute} route
 * @param {{name: string}} backend
 * @param {boolean} chosen
 */
export function choose(route, backend, chosen) {
  route.backends = route.backends.filter((item) => item !== backend);
  if (chosen) route.backends.push(backend);
}
