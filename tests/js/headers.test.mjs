// The headers of a backend as a text: what is typed is what is saved.

import assert from "node:assert/strict";
import { test } from "node:test";

import { readBackend, writeBackend } from "../../static/config/backends.js";
import { headersOf, headersText } from "../../static/config/headers.js";

test("what was read is written again", () => {
  const all = [
    { Authorization: "Bearer abc" },
    { Authorization: "***", "X-Zone": "***" },
    { Cookie: "a=b; c=d", "X-Time": "12:30" },
  ];
  for (const headers of all) assert.deepEqual(headersOf(headersText(headers)), headers);
  assert.equal(headersText(undefined), "");
  assert.equal(headersText(null), "");
});

test("what is typed need not be tidy", () => {
  const headers = { A: "x", B: "y" };
  assert.deepEqual(headersOf(" A: x;  B: y"), headers);
  assert.deepEqual(headersOf("Bearer"), { Bearer: "" });
});

test("a backend keeps what is not changed, and loses what is emptied", () => {
  const plain = { name: "a", url: "https://a" };
  const saved = { ...plain, headers: { A: "***" }, caFile: "/ca.pem" };
  const backend = readBackend(saved);
  assert.deepEqual(writeBackend(backend), saved);
  Object.assign(backend.texts, { headers: "A: new", caFile: "" });
  assert.deepEqual(writeBackend(backend), { ...plain, headers: { A: "new" } });
  backend.texts.headers = "";
  assert.deepEqual(writeBackend(backend), plain);
});
