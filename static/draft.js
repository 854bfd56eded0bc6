// A configuration being edited: read from a document, and written back with nothing
// changed but what the user has changed. Fields that are not known here stay. Pure.

import { isChanged, readRoute, writeRoute } from "./routes.js";
import { SETTINGS } from "./settings.js";

/**
 * @typedef {{saved: object|undefined, name: string, url: string}} Backend routes hold
 *     these, not names: renaming one renames it in its routes
 */

/** Return a draft of `document`, as `GET /api/config` gives it. */
export function readDraft(document) {
  const backends = (document.backends ?? []).map((saved) => ({
    saved,
    name: saved.name,
    url: saved.url,
  }));
  const named = new Map(backends.map((backend) => [backend.name, backend]));
  const refer = (name) => named.get(name) ?? { name };
  return {
    document,
    backends,
    default: readRoute(document.defaultBackend, refer),
    routes: Object.entries(document.taskRouting ?? {}).map(([key, value]) => ({
      key,
      ...readRoute(value, refer),
    })),
    settings: new Map(SETTINGS.map(({ name }) => [name, settingText(document, name)])),
  };
}

/** Return the document to save. */
export function writeDraft(draft) {
  const document = { ...draft.document };
  if (isChanged(draft.default)) {
    const chosen = draft.default.backends.length > 0;
    if (chosen || draft.default.saved !== undefined) {
      document.defaultBackend = chosen ? writeRoute(draft.default) : "";
    }
  }
  if (document.backends || draft.backends.length > 0) {
    document.backends = draft.backends.map(({ saved, name, url }) => ({ ...saved, name, url }));
  }
  if (document.taskRouting || draft.routes.length > 0) {
    document.taskRouting = Object.fromEntries(
      draft.routes.map((route) => [route.key, writeRoute(route)]),
    );
  }
  for (const [name, text] of draft.settings) {
    if (text === settingText(draft.document, name)) continue;
    if (text === "") delete document[name];
    else document[name] = Number(text);
  }
  return document;
}

/** Whether saving the draft would change anything, or would have to be refused. */
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
 * @returns {{steps: (string|number)[], text: string}[]}
 */
export function problems(draft) {
  const found = [];
  draft.backends.forEach((backend, index) => {
    if (backend.name === "") {
      found.push({ steps: ["backends", index, "name"], text: "Give the backend a name." });
    }
    if (backend.url === "") {
      const text = "Say where it is, such as http://192.168.1.20:3003.";
      found.push({ steps: ["backends", index, "url"], text });
    }
  });
  const keys = new Set();
  draft.routes.forEach((route, index) => {
    const { key } = route;
    const steps = ["routes", index, "key"];
    if (key === "") found.push({ steps, text: "Say which work this route is for." });
    else if (keys.has(key)) found.push({ steps, text: `There is another route for ${key}.` });
    keys.add(key);
    if (route.backends.length === 0 && isChanged(route)) {
      const text = "Choose at least one backend, or remove the route.";
      found.push({ steps: ["routes", index, "backends"], text });
    }
  });
  for (const [name, text] of draft.settings) {
    const isSaved = text === settingText(draft.document, name);
    if (!isSaved && !Number.isFinite(Number(text))) {
      found.push({ steps: [name], text: "Must be a number." });
    }
  }
  return found;
}

/** Add a backend; the first one gets all work. */
export function addBackend(draft) {
  const backend = { saved: undefined, name: "", url: "" };
  if (draft.backends.length === 0 && draft.default.backends.length === 0) {
    draft.default.backends.push(backend);
  }
  draft.backends.push(backend);
  return backend;
}

/** Add a route without key and backends. */
export function addRoute(draft) {
  const route = { key: "", ...readRoute(undefined) };
  draft.routes.push(route);
  return route;
}

/**
 * Return who refers to a backend.
 *
 * @returns {{byDefault: boolean, keys: string[], emptied: string[]}} the keys of routes
 *     that keep other backends, and of those that have this one alone
 */
export function usesOf(draft, backend) {
  const using = draft.routes.filter((route) => route.backends.includes(backend));
  const keysOf = (routes) => routes.map((route) => route.key);
  return {
    byDefault: draft.default.backends.includes(backend),
    keys: keysOf(using.filter((route) => route.backends.length > 1)),
    emptied: keysOf(using.filter((route) => route.backends.length === 1)),
  };
}

/** Remove a backend, its references, and the routes that have no other backend. */
export function removeBackend(draft, backend) {
  const others = (item) => item !== backend;
  const isLeft = (route) => !route.backends.includes(backend) || route.backends.length > 1;
  draft.backends = draft.backends.filter(others);
  draft.routes = draft.routes.filter(isLeft);
  for (const route of [draft.default, ...draft.routes]) {
    route.backends = route.backends.filter(others);
  }
}

/** Choose a backend for a route, or choose it no longer. */
export function choose(route, backend, chosen) {
  route.backends = route.backends.filter((item) => item !== backend);
  if (chosen) route.backends.push(backend);
}

function settingText(document, name) {
  return String(document[name] ?? "");
}
