// A configuration being edited: read from a document, and written back with nothing
// changed but what the user has changed. Fields that are not known here stay. Pure.

import { backendProblems, readBackend, writeBackend } from "./backends.js";
import { changesBetween } from "./changes.js";
import { isChanged, readRoute, routeProblems, writeRoute } from "./routes.js";
import { GROUPS } from "./settings.js";
import { readTarget, writeTarget } from "./targets.js";
import { problemOf, put, putPart, textOf } from "./values.js";

/** @import { Configuration, JsonObject } from "../shared/answers.d.ts" */
/** @import { EditedBackend } from "./backends.js" */
/** @import { Problem, Step } from "./fields.js" */
/** @import { EditedRoute } from "./routes.js" */
/** @import { EditedTarget } from "./targets.js" */
/** @import { Setting } from "./values.js" */

/** @typedef {EditedRoute & {key: string}} KeyedRoute */

/**
 * `settings` are texts by name, of those within another object by `OBJECT.NAME`.
 *
 * @typedef {{document: Configuration, backends: EditedBackend[], default: EditedRoute,
 *     routes: KeyedRoute[], settings: Map<string, string>, targets: EditedTarget[]}} Draft
 */

/**
 * Return a draft of `document`, as `GET /api/config` gives it. Its routes hold machines,
 * not names: renaming one renames it in its routes.
 *
 * @param {Configuration} document
 * @returns {Draft}
 */
export function readDraft(document) {
  const backends = (document.backends ?? []).map(readBackend);
  const named = new Map(backends.map((backend) => [backend.name, backend]));
  const refer = (/** @type {string} */ name) => named.get(name) ?? { name };
  const texts = GROUPS.flatMap(({ within, settings }) =>
    settings.map((setting) => {
      /** @type {[string, string]} */
      const entry = [keyOf(within, setting), textOf(partOf(document, within), setting)];
      return entry;
    }),
  );
  return {
    document,
    backends,
    default: readRoute(document.defaultBackend, refer),
    routes: Object.entries(document.taskRouting ?? {}).map(([key, value]) => ({
      key,
      ...readRoute(value, refer),
    })),
    settings: new Map(texts),
    targets: (document.notify ?? []).map(readTarget),
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
  if (document.notify || draft.targets.length > 0) {
    document.notify = draft.targets.map(writeTarget);
  }
  for (const { within, settings } of GROUPS) {
    /** @type {[Setting, string][]} */
    const texts = settings.map((one) => [one, draft.settings.get(keyOf(within, one)) ?? ""]);
    if (within) putPart(document, within, texts);
    else for (const [setting, text] of texts) put(document, setting, text);
  }
  return document;
}

/**
 * Return what saving would change.
 *
 * @param {Draft} draft
 * @param {Configuration} base what is in force
 */
export function changesOf(draft, base) {
  return changesBetween(base, writeDraft(draft), renamesOf(draft));
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
    if (key === "") found.push({ steps, text: "Say which work this is for." });
    else if (keys.has(key)) found.push({ steps, text: `There is another row for ${key}.` });
    keys.add(key);
    if (route.backends.length === 0 && isChanged(route)) {
      const text = "Choose at least one machine, or have it done like all other work.";
      found.push({ steps: ["routes", index, "backends"], text });
    }
    refuse(["routes", index], routeProblems(route));
  });
  draft.targets.forEach(({ texts }, index) => {
    const text = "Say where messages are sent to.";
    if (texts.url === "") found.push({ steps: ["notify", index, "url"], text });
  });
  for (const { within, settings } of GROUPS) {
    const owner = partOf(draft.document, within);
    for (const setting of settings) {
      const text = problemOf(owner, setting, draft.settings.get(keyOf(within, setting)) ?? "");
      if (text) found.push({ steps: [...(within ? [within] : []), setting.name], text });
    }
  }
  return found;
}

/**
 * Add a machine; the first one gets all work.
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
 * Return who refers to a machine.
 *
 * @param {Draft} draft
 * @param {EditedBackend} backend
 * @returns {{byDefault: boolean, keys: string[], emptied: string[]}} the keys of routes
 *     that keep other machines, and of those that have this one alone
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
 * Remove a machine, its references, and the routes that have no other machine.
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
 * Under which name the draft has a setting's text.
 *
 * @param {string|undefined} within
 * @param {Setting} setting
 */
export function keyOf(within, { name }) {
  return within ? `${within}.${name}` : name;
}

/**
 * Return what machines are called now, by what they were called.
 *
 * @param {Draft} draft
 */
function renamesOf({ backends }) {
  return new Map(backends.flatMap(({ saved, name }) => (saved ? [[saved.name, name]] : [])));
}

/**
 * @param {JsonObject} document
 * @param {string|undefined} within
 * @returns {JsonObject|null|undefined}
 */
function partOf(document, within) {
  if (!within) return document;
  return /** @type {JsonObject|null|undefined} */ (document[within]);
}
