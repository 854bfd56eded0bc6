// Which requests an address of the debug page tells, and how that is asked for and said.

import assert from "node:assert/strict";
import { test } from "node:test";

import { ALL, asked, narrowedWords, read, written } from "../../static/debug/address.js";

test("an address tells the filter and what is open, and is written the same again", () => {
  for (const hash of [
    "",
    "machine=gpu",
    "task=clip%2Fvisual&machine=a+b&status=failed&text=%26%3D%23&open=r7",
    "trace=1%2F2&route=ocr&pings=1&pages=1",
  ]) {
    const { filter, open } = read(hash);
    assert.equal(written(filter, open), hash);
  }
});

test("what the overview links to is understood", () => {
  assert.deepEqual(read("machine=gpu&failed=1").filter, { ...ALL, machine: "gpu", status: "failed" });
  assert.equal(read("failed=1&status=503").filter.status, "503");
  assert.deepEqual(read("route=clip").filter, { ...ALL, route: "clip" });
});

test("what an address has too much changes nothing", () => {
  assert.deepEqual(read("__proto__=1&constructor=2&other=3").filter, { ...ALL });
});

test("the proxy is asked for what is wanted, and for nothing else", () => {
  assert.equal(asked(ALL, { limit: 60 }), "limit=60");
  const filter = { ...ALL, machine: "a&b", text: " dog ", pings: "1", pages: "1", open: "r1" };
  assert.equal(asked(filter, {}), "backend=a%26b&text=dog&kind=pings&kind=pages");
  assert.equal(asked({ ...ALL, text: "  " }, {}), "");
});

test("what is shown is told in a sentence", () => {
  const told = (more) => narrowedWords({ ...ALL, ...more });
  assert.equal(told({}), "");
  assert.equal(told({ pings: "1" }), "");
  assert.equal(told({ machine: "gpu" }), "Only requests that went to gpu.");
  assert.equal(told({ machine: "gpu", status: "failed" }), "Only requests that failed at gpu.");
  assert.equal(told({ route: "ocr" }), "Only requests that went by the route ocr.");
  assert.equal(
    told({ machine: "gpu", route: "ocr" }),
    "Only requests that went to gpu and by the route ocr.",
  );
  assert.equal(
    told({ status: "503", route: "ocr", machine: "gpu" }),
    "Only requests that were answered with 503 at gpu and went by the route ocr.",
  );
  assert.equal(told({ task: "search" }), "Only searches.");
  assert.equal(told({ task: "new", status: "ok" }), "Only new that were answered.");
  assert.equal(
    told({ trace: "a1", text: " dog" }),
    "Only requests that are of the trace a1 and have “dog” in them.",
  );
});
