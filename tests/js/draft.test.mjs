// A configuration being edited: only what the user changes is changed.

import assert from "node:assert/strict";
import { test } from "node:test";

import * as draft from "../../static/config/draft.js";
import { readRoute } from "../../static/config/routes.js";

const SAVED = `{
  "version": 3,
  "defaultBackend": "a",
  "backends": [
    {"name": "a", "url": "http://a:3003", "concurrency": 2},
    {"name": "b", "url": "http://b:3003"}
  ],
  "taskRouting": {
    "clip": "b",
    "ocr": ["a", "b"],
    "clip/visual": {"backends": ["b", "a"], "sticky": true},
    "__proto__": "a"
  },
  "requestTimeout": 60,
  "wakeUp": {"a": "00:11:22:33:44:55"}
}`;

/** Return a fresh draft, and what the document is to become. */
function read(text = SAVED) {
  return { edited: draft.readDraft(JSON.parse(text)), expected: JSON.parse(text) };
}

const UNCONFIGURED = '{"defaultBackend": "", "backends": [], "taskRouting": {}}';

function same(edited, expected) {
  assert.equal(JSON.stringify(draft.writeDraft(edited)), JSON.stringify(expected));
}

test("an untouched document is written back byte for byte", () => {
  const spaced = '{"backends": [{"name": "a", "url": " http://a "}], "taskRouting": {" b": "a"}}';
  const newer = '{"newer": [1], "backends": null, "maxBodySize": "1 GiB"}';
  for (const text of [SAVED, UNCONFIGURED, spaced, newer, "{}"]) {
    const { edited, expected } = read(text);
    same(edited, expected);
    assert.deepEqual(draft.changesOf(edited, edited.document), []);
  }
});

test("changing a URL changes that URL alone", () => {
  const { edited, expected } = read();
  edited.backends[0].url = "https://a.example/ml";
  expected.backends[0].url = "https://a.example/ml";
  same(edited, expected);
  assert.equal(draft.changesOf(edited, edited.document).length, 1);
});

test("a renamed backend is renamed in every route", () => {
  const { edited, expected } = read();
  edited.backends[0].name = "gpu";
  expected.backends[0].name = "gpu";
  expected.defaultBackend = "gpu";
  expected.taskRouting.ocr = ["gpu", "b"];
  expected.taskRouting["clip/visual"].backends = ["b", "gpu"];
  Object.defineProperty(expected.taskRouting, "__proto__", { value: "gpu" });
  same(edited, expected);
});

test("two backends that take each other's names keep their own routes", () => {
  const { edited } = read();
  edited.backends[0].name = "b";
  edited.backends[1].name = "a";
  const { taskRouting, defaultBackend } = draft.writeDraft(edited);
  assert.equal(defaultBackend, "b");
  assert.equal(taskRouting.clip, "a");
  assert.deepEqual(taskRouting.ocr, ["b", "a"]);
});

test("a removed backend is told to be in use, and is taken out of all routes", () => {
  const { edited, expected } = read();
  const [, b] = edited.backends;
  assert.deepEqual(draft.usesOf(edited, b), {
    byDefault: false,
    keys: ["ocr", "clip/visual"],
    emptied: ["clip"],
  });
  draft.removeBackend(edited, b);
  expected.backends.pop();
  delete expected.taskRouting.clip;
  expected.taskRouting.ocr = ["a"];
  expected.taskRouting["clip/visual"].backends = ["a"];
  same(edited, expected);
});

test("when the last backend is removed, nothing refers to one", () => {
  const { edited, expected } = read();
  for (const backend of edited.backends) draft.removeBackend(edited, backend);
  same(edited, { ...expected, defaultBackend: "", backends: [], taskRouting: {} });
});

test("the first backend gets all work without being asked for", () => {
  const { edited } = read(UNCONFIGURED);
  Object.assign(draft.addBackend(edited), { name: "a", url: "http://a" });
  Object.assign(draft.addBackend(edited), { name: "b", url: "http://b" });
  same(edited, {
    defaultBackend: "a",
    backends: [{ name: "a", url: "http://a" }, { name: "b", url: "http://b" }],
    taskRouting: {},
  });
});

test("an unconfigured document without fields gets those that are needed", () => {
  const { edited } = read("{}");
  Object.assign(draft.addBackend(edited), { name: "a", url: "http://a" });
  same(edited, { defaultBackend: "a", backends: [{ name: "a", url: "http://a" }] });
});

test("a default without backends is saved as none chosen, for the proxy to judge", () => {
  const { edited } = read();
  edited.default.backends = [];
  assert.equal(draft.writeDraft(edited).defaultBackend, "");
});

test("an emptied setting is left out, another one is a number", () => {
  const { edited, expected } = read();
  edited.settings.set("requestTimeout", "");
  edited.settings.set("healthCheckInterval", "2.5");
  edited.settings.set("maxBodySize", "200 MiB");
  delete expected.requestTimeout;
  same(edited, { ...expected, healthCheckInterval: 2.5, maxBodySize: 209715200 });
});

test("a setting that is typed anew as it was is no change", () => {
  const { edited } = read();
  assert.equal(edited.settings.get("requestTimeout"), "1 min");
  edited.settings.set("requestTimeout", "6");
  edited.settings.set("requestTimeout", "60 s");
  assert.deepEqual(draft.changesOf(edited, edited.document), []);
});

/** Return a route that was added by hand. */
function added(edited, key, ...backends) {
  const route = { ...readRoute(undefined), key, backends };
  edited.routes.push(route);
  return route;
}

test("what cannot be sent is told where it is", () => {
  const { edited } = read();
  draft.addBackend(edited);
  added(edited, "");
  added(edited, "ocr", edited.backends[0]);
  edited.settings.set("maxBodySize", "100 MBs");
  edited.backends[1].texts.weight = "heavy";
  edited.default.holdSeconds = "long";
  edited.routes[1].maxWaiting = "all";
  assert.deepEqual(
    draft.problems(edited).map(({ steps }) => steps),
    [
      ["backends", 1, "weight"],
      ["backends", 2, "name"],
      ["backends", 2, "url"],
      ["defaultBackend", "holdSeconds"],
      ["routes", 1, "maxWaiting"],
      ["routes", 4, "key"],
      ["routes", 4, "backends"],
      ["routes", 5, "key"],
      ["maxBodySize"],
    ],
  );
});

test("a second route for a key is told, even if it says the same", () => {
  const { edited } = read();
  added(edited, "clip", edited.backends[1]);
  assert.equal(draft.problems(edited).length, 1);
});

test("Immich's address and key are kept, changed and taken out together", () => {
  const immich = { url: "http://immich:2283", apiKey: "***" };
  const edited = draft.readDraft({ immich });
  assert.deepEqual(draft.changesOf(edited, edited.document), []);
  edited.settings.set("immich.url", "http://nas:2283");
  assert.deepEqual(draft.writeDraft(edited).immich, { ...immich, url: "http://nas:2283" });
  edited.settings.set("immich.url", "");
  edited.settings.set("immich.apiKey", "");
  assert.deepEqual(draft.writeDraft(edited), {});
  const without = draft.readDraft({});
  assert.deepEqual(draft.writeDraft(without), {});
});

test("a renamed machine is one change, wherever it does work", () => {
  const { edited } = read();
  edited.backends[0].name = "gpu";
  assert.deepEqual(draft.changesOf(edited, edited.document), [
    { path: ["backends", "a", "name"], before: "a", after: "gpu" },
  ]);
});
