// Rounds repeat while the page is visible, one at a time.

import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";

import { ApiError } from "../../static/shared/api.js";
import { poll } from "../../static/shared/poll.js";

/** Ends the round under way, as a test wants it to end. */
let end;
let rounds;
let told;
/** The time in milliseconds, for whoever measures. */
let now;

beforeEach(() => {
  mock.reset();
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout"] });
  now = 0;
  mock.method(performance, "now", () => now);
  globalThis.document = Object.assign(new EventTarget(), { hidden: false });
  rounds = 0;
  told = [];
});

function round() {
  rounds += 1;
  return new Promise((resolve, reject) => {
    end = (error) => (error ? reject(error) : resolve());
  });
}

function start() {
  return poll(round, 5, (reason) => told.push(reason));
}

/** End the round under way, and let what waits for that run. */
async function finish(error) {
  end(error);
  await new Promise(setImmediate);
}

function turn(hidden) {
  document.hidden = hidden;
  document.dispatchEvent(new Event("visibilitychange"));
}

test("a round follows five seconds after the end of the one before", async () => {
  start();
  assert.equal(rounds, 1);
  mock.timers.tick(60_000);
  assert.equal(rounds, 1);
  await finish();
  mock.timers.tick(4_999);
  assert.equal(rounds, 1);
  mock.timers.tick(1);
  assert.equal(rounds, 2);
});

test("a failure is told, and the next success takes it back", async () => {
  start();
  await finish(new ApiError("The proxy cannot be reached."));
  mock.timers.tick(5_000);
  await finish();
  assert.deepEqual(told, ["The proxy cannot be reached.", ""]);
});

test("a round that is asked for while one is under way follows at once", async () => {
  const run = start();
  run();
  run();
  assert.equal(rounds, 1);
  await finish();
  mock.timers.tick(1);
  assert.equal(rounds, 2);
  await finish();
  mock.timers.tick(4_999);
  assert.equal(rounds, 2);
});

test("a slow round is followed by a longer pause", async () => {
  start();
  now += 10_000;
  await finish();
  mock.timers.tick(39_999);
  assert.equal(rounds, 1);
  mock.timers.tick(1);
  assert.equal(rounds, 2);
});

test("asking for a round does not make two rows of rounds", async () => {
  const run = start();
  await finish();
  run();
  assert.equal(rounds, 2);
  await finish();
  mock.timers.tick(5_000);
  assert.equal(rounds, 3);
});

test("a hidden page asks for nothing until it is seen again", async () => {
  start();
  turn(true);
  await finish();
  mock.timers.tick(60_000);
  assert.equal(rounds, 1);
  turn(false);
  assert.equal(rounds, 2);
});
