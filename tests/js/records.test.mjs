// Which records are shown, and what is said of them.

import assert from "node:assert/strict";
import { test } from "node:test";

import { routesOf } from "../../static/debug/record_routes.js";
import * as records from "../../static/debug/records.js";

function record(id, type, traceId, second, more = {}) {
  return {
    id,
    type,
    traceId,
    timestamp: `2026-01-31T12:00:0${second}.000Z`,
    backend: null,
    request: { method: "GET", url: "/ping", headers: {}, body: null },
    response: null,
    error: null,
    durationMs: 1,
    ...more,
  };
}

// An outgoing exchange ends, and is recorded, before the incoming one that caused it.
const ALL = [
  record(1, "outgoing", "one", 1, { backend: "GPU" }),
  record(2, "outgoing", "two", 3),
  record(3, "outgoing", "one", 2),
  record(4, "incoming", "one", 1),
];

function ids(filter) {
  const all = { type: "", text: "", trace: "", machine: "", route: "", failed: false };
  return records.selected(ALL, { ...all, ...filter }, ["clip"]).map(({ id }) => id);
}

test("the newest record comes first", () => {
  assert.deepEqual(ids({}), [4, 3, 2, 1]);
});

test("a trace is shown as it happened", () => {
  assert.deepEqual(ids({ trace: "one" }), [4, 1, 3]);
});

test("filters narrow each other, and text is found anywhere in any case", () => {
  assert.deepEqual(ids({ type: "outgoing" }), [3, 2, 1]);
  assert.deepEqual(ids({ text: " gpu " }), [1]);
  assert.deepEqual(ids({ type: "incoming", text: "gpu" }), []);
  assert.deepEqual(ids({ trace: "one", type: "outgoing" }), [1, 3]);
});

test("those that one machine was asked, that failed, or that went by one route", () => {
  assert.deepEqual(ids({ machine: "GPU" }), [1]);
  assert.deepEqual(ids({ machine: "gpu" }), []);
  assert.deepEqual(ids({ failed: true }), [4, 3, 2, 1]);
  assert.deepEqual(ids({ route: "clip" }), []);
});

test("what the page's address narrows is told", () => {
  const all = { trace: "", machine: "", route: "", failed: false };
  const told = (more) => records.narrowedWords({ ...all, ...more });
  assert.equal(told({}), "");
  assert.match(told({ trace: "a1", machine: "x" }), /^Only trace a1: /);
  assert.equal(told({ machine: "gpu", failed: true }), "Only requests that failed at gpu.");
  assert.equal(told({ machine: "gpu" }), "Only requests that went to gpu.");
  assert.equal(told({ route: "ocr" }), "Only requests that went by the route ocr.");
});

function asking(entries) {
  const value = typeof entries === "string" ? entries : JSON.stringify(entries);
  const body = { kind: "form", size: 1, parts: [{ name: "entries", value }] };
  return record(1, "incoming", "one", 1, { request: { method: "POST", url: "/predict", headers: {}, body } });
}

test("a request went by the most exact route of each thing it asks for", () => {
  const keys = ["clip/textual", "clip", "facial_recognition", "recognition"];
  const routes = (entries) => routesOf(asking(entries), keys);
  assert.deepEqual(routes({ clip: { textual: {} } }), ["clip/textual"]);
  assert.deepEqual(routes({ clip: { visual: {}, textual: {} } }), ["clip", "clip/textual"]);
  assert.deepEqual(routes({ "facial-recognition": { detection: {} } }), ["facial-recognition"]);
  assert.deepEqual(routes({ ocr: { detection: {}, recognition: {} } }), ["recognition"]);
  assert.deepEqual(routes({ other: { some: {} } }), ["default"]);
});

test("what is no work went by no route", () => {
  for (const entries of ["", "[", "[]", "null", "7", '{"clip":7}', '{"clip":null}']) {
    assert.deepEqual(routesOf(asking(entries), []), []);
  }
  assert.deepEqual(routesOf(ALL[0], []), []);
});

test("looking at the records does not change them", () => {
  ids({ trace: "one" });
  ids({});
  assert.deepEqual(ALL.map(({ id }) => id), [1, 2, 3, 4]);
});

test("the same id after a restart of the proxy is another record", () => {
  const [first] = ALL;
  assert.equal(records.keyOf(first), records.keyOf({ ...first }));
  assert.notEqual(records.keyOf(first), records.keyOf(record(1, "incoming", "new", 1)));
});

test("the outcome tells the status and the error", () => {
  const outcome = (statusCode, error) =>
    records.outcome({ response: statusCode && { statusCode }, error });
  assert.deepEqual(outcome(200, null), { state: "good", text: "200" });
  assert.deepEqual(outcome(422, null), { state: "bad", text: "422" });
  assert.deepEqual(outcome(200, "broken off"), { state: "bad", text: "200 broken off" });
  assert.deepEqual(outcome(null, "refused"), { state: "bad", text: "refused" });
  assert.deepEqual(outcome(null, null), { state: "unknown", text: "no answer" });
});

test("what is missing of a body is told", () => {
  const caption = records.bodyCaption;
  assert.equal(caption(null), "No body");
  const text = { kind: "text", text: "…", size: 70000, truncated: true };
  assert.equal(caption(text), "Text, 68 KiB, only the beginning is shown");
  const form = { kind: "form", size: 9, parts: [], partsLeftOut: 2, note: "odd" };
  assert.equal(caption(form), "Form, 9 B, 2 more parts are not shown, odd");
  const binary = { kind: "binary", size: 2048, contentType: null, sha256: null };
  assert.equal(caption(binary), "Binary, 2 KiB, of unknown type");
  assert.equal(caption({ kind: "newer", size: 1 }), "newer, 1 B");
});

test("a part of a form is told with its file", () => {
  const part = { filename: "", contentType: "image/jpeg", size: 10, truncated: true };
  const told = "file “”, 10 B, image/jpeg, only the beginning is shown";
  assert.equal(records.partCaption(part), told);
  const field = { filename: null, contentType: null, size: 10, truncated: false };
  assert.equal(records.partCaption(field), "10 B");
});
