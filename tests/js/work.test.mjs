// What a backend does and has done, in words.

import assert from "node:assert/strict";
import { test } from "node:test";

import { workWords } from "../../static/words.js";

const IDLE = { state: "enabled", inFlight: 0, waiting: 0, served: 0, failed: 0 };

test("work is told without what there is none of", () => {
  assert.equal(workWords(IDLE), "0 under way, 0 served");
  const busy = { ...IDLE, inFlight: 2, waiting: 3, served: 14, failed: 1 };
  assert.equal(workWords(busy), "2 under way, 3 waiting, 14 served, 1 failed");
});

test("a backend that takes nothing new is told to be draining", () => {
  const text = "Draining: takes nothing new. 1 under way, 0 served";
  assert.equal(workWords({ ...IDLE, state: "drain", inFlight: 1 }), text);
});

test("nothing is told of a backend that the proxy does not know yet", () => {
  assert.equal(workWords(undefined), "");
});
