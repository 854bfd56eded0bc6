// Which records are shown, and what is said of them.

import assert from "node:assert/strict";
import { test } from "node:test";

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
  const all = { type: "", text: "", trace: "" };
  return records.selected(ALL, { ...all, ...filter }).map(({ id }) => id);
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
