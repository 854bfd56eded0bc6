// What the banner of a demo says.

import assert from "node:assert/strict";
import { test } from "node:test";

import { callerWords, troubleWords } from "../../static/shared/demo.js";

const at = new Date();
at.setHours(14, 2, 0, 0);
const seconds = at.getTime() / 1000;
const time = at.toLocaleTimeString();
const later = new Date((seconds + 60) * 1000).toLocaleTimeString();

test("what goes wrong is said with its end", () => {
  const down = { on: true, machine: "simulated-gpu", what: "down", until: seconds };
  assert.equal(troubleWords(down), `simulated-gpu does not answer until ${time}.`);
  assert.equal(troubleWords({ ...down, what: "slow" }), `simulated-gpu is slow until ${time}.`);
});

test("between two troubles, and without any, nobody is accused", () => {
  const none = { on: true, machine: null, what: null, until: null };
  assert.match(troubleWords(none), /^Just now all is well/);
  assert.equal(troubleWords({ ...none, on: false }), "");
});

test("who called is told since when, how often, and what it was given", () => {
  const once = { address: "a", first: seconds, last: seconds, calls: 1, answered: 0, text: "" };
  assert.equal(callerWords(once), `1 call at ${time}; it was given no vectors yet.`);
  const often = { ...once, last: seconds + 60, calls: 12, answered: 1 };
  assert.equal(
    callerWords(often),
    `12 calls from ${time} to ${later}; it was given 1 answer with invented vectors.`,
  );
});
