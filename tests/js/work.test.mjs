// The work of the backends, in words.

import assert from "node:assert/strict";
import { test } from "node:test";

import { heldWords, serviceTimes, waitingWords, workWords } from "../../static/overview/work.js";

const IDLE = { state: "enabled", inFlight: 0, limit: 4, waiting: 0, served: 0, failed: 0 };

test("work is told without what there is none of", () => {
  assert.equal(workWords(IDLE), "0 of 4 under way, 0 served");
  const busy = { ...IDLE, inFlight: 2, waiting: 3, served: 14, failed: 1 };
  assert.equal(workWords(busy), "2 of 4 under way, 3 waiting, 14 served, 1 failed");
});

test("a limit that the proxy has found itself is told to be one", () => {
  assert.equal(workWords({ ...IDLE, limitIsFound: true }), "0 of 4 (auto) under way, 0 served");
});

test("a backend that takes nothing new is told to be draining", () => {
  const text = "Draining: takes nothing new. 1 of 4 under way, 0 served";
  assert.equal(workWords({ ...IDLE, state: "drain", inFlight: 1 }), text);
});

test("nothing is told of a backend that the proxy does not know yet", () => {
  assert.equal(workWords(undefined), "");
  assert.deepEqual(serviceTimes(undefined), []);
});

test("service times are told by task, the most frequent first", () => {
  const rare = { count: 2, p50: 41.7, p90: 1500, p99: 1500 };
  const frequent = { count: 30, p50: 0.5, p90: 9.94, p99: 10 };
  assert.deepEqual(serviceTimes({ serviceTimes: { ocr: rare, clip: frequent } }), [
    { task: "clip", count: 30, times: ["0.5 ms", "9.9 ms", "10 ms"] },
    { task: "ocr", count: 2, times: ["42 ms", "1.5 s", "1.5 s"] },
  ]);
});

const CONFIGURATION = {
  defaultBackend: { backends: ["nas"], holdSeconds: 60 },
  taskRouting: { facial_recognition: ["gpu", "nas"], ocr: "gpu", "clip/textual": "cpu" },
};

test("held work is summed up, with the backends that it waits for", () => {
  const none = { waiting: 0, held: 0 };
  const held = (routes) => heldWords(routes, CONFIGURATION);
  assert.equal(held({}), "");
  assert.equal(held({ default: none, ocr: { waiting: 4, held: 0 } }), "");
  assert.equal(
    held({ default: none, ocr: { waiting: 12, held: 12 } }),
    "12 requests are held for: gpu. The work goes on when it is back.",
  );
  assert.match(held({ default: { waiting: 1, held: 1 } }), /^1 request is held for: nas\. /);
  assert.equal(
    held({ "facial-recognition": { waiting: 2, held: 2 }, ocr: { waiting: 1, held: 1 } }),
    "3 requests are held for: gpu, nas. The work goes on when one of them is back.",
  );
});

test("work that waits for a place is told without what is held", () => {
  const waiting = (routes) => waitingWords(routes, CONFIGURATION);
  assert.equal(waiting({ default: { waiting: 3, held: 3 } }), "");
  assert.equal(
    waiting({ default: { waiting: 3, held: 3 }, ocr: { waiting: 1, held: 0 } }),
    "1 request waits for a place at: gpu.",
  );
  assert.equal(
    waiting({ default: { waiting: 2, held: 0 }, "clip/textual": { waiting: 3, held: 0 } }),
    "5 requests wait for a place at: nas, cpu.",
  );
});

test("work of a route that was since removed is told by the route's key", () => {
  const routes = { removed: { waiting: 2, held: 2 } };
  assert.match(heldWords(routes, CONFIGURATION), /^2 requests are held for: removed\./);
  assert.match(heldWords(routes, {}), /^2 requests are held for: removed\./);
});
