// How long the work takes still.

import assert from "node:assert/strict";
import { test } from "node:test";

import * as left from "../../static/overview/left.js";
import { clockTime } from "../../static/shared/words.js";
import { NOW } from "./calm.mjs";

const counts = (kinds) => ({ source: "counts", asked: null, error: null, kinds, slowest: null, ends: null });
const kind = (done, rate, more = {}) => ({ done, rate, left: null, ends: null, paused: false, ...more });
const STARTED = NOW - 9000;

test("what was typed is counted down by what is done, by kind", () => {
  const begun = left.begin(5000, counts({ clip: kind(100, 0) }), STARTED);
  assert.deepEqual(begun.left, { clip: 5000, faces: 5000, ocr: 5000 });
  const next = left.counted(begun, counts({ clip: kind(700, 10), faces: kind(50, 1) }), STARTED);
  assert.deepEqual(next.left, { clip: 4400, faces: 4950, ocr: 5000 });
  assert.deepEqual(left.counted(next, counts({ clip: kind(700, 10), faces: kind(50, 1) }), STARTED), next);
  assert.equal(left.counted(next, counts({ clip: kind(99999, 10) }), STARTED).left.clip, 0);
});

test("a proxy that was started anew goes on where it was", () => {
  const begun = left.begin(100, counts({ clip: kind(70, 0) }), STARTED);
  const next = left.counted(begun, counts({ clip: kind(5, 1) }), NOW);
  assert.equal(next.left.clip, 95);
  assert.equal(left.counted(next, counts({ clip: kind(8, 1) }), NOW).left.clip, 92);
});

test("what another tab has counted is not counted twice", () => {
  const begun = left.begin(100, counts({ clip: kind(0, 0) }), STARTED);
  const ahead = left.counted(begun, counts({ clip: kind(50, 1) }), STARTED);
  const behind = left.counted(ahead, counts({ clip: kind(40, 1) }), STARTED);
  assert.deepEqual([behind.left.clip, behind.done.clip], [50, 50]);
});

test("what was kept is used only if it is whole", () => {
  const begun = left.begin(100, counts({}), STARTED);
  assert.deepEqual(left.readCount(JSON.stringify(begun)), begun);
  for (const text of [null, "", "7", "null", "{", "[]", '{"typed":1}']) {
    assert.equal(left.readCount(text), null);
  }
});

test("the slowest kind of work counts, and what is not asked for does not", () => {
  const begun = left.begin(600, counts({}), STARTED);
  const now = counts({ clip: kind(100, 10), faces: kind(50, 1) });
  const { sum, lines } = left.timeOfCount(left.counted(begun, now, STARTED), now, NOW);
  assert.equal(sum, `About 9 min left, until ${clockTime(NOW + 550, NOW)} (faces take the longest)`);
  assert.deepEqual(lines.map((line) => [line.kind, line.isSlowest]), [["clip", false], ["faces", true]]);
  assert.equal(lines[0].text, `500 pictures left, 10/s, until ${clockTime(NOW + 50, NOW)}`);
});

test("work that stands still has no end, and what is done is told", () => {
  const begun = left.begin(10, counts({}), STARTED);
  const say = (kinds) => left.timeOfCount(left.counted(begun, counts(kinds), STARTED), counts(kinds), NOW);
  assert.equal(say({}).sum, "Nothing has been done of it yet.");
  assert.equal(say({ clip: kind(5, 0) }).sum, "No telling: pictures do not move now.");
  assert.equal(say({ clip: kind(10, 0) }).sum, "All of it is done.");
  const both = say({ clip: kind(10, 0), faces: kind(9, 1) });
  assert.equal(both.lines[0].text, "Pictures: done");
  assert.match(both.sum, /^About 1 s left/);
});

test("Immich's queues are told with their ends, the slowest marked", () => {
  const kinds = {
    clip: kind(9, 5, { left: 38800, ends: NOW + 7800 }),
    faces: kind(9, 0, { left: 41000 }),
    ocr: kind(9, 0, { left: 120, paused: true }),
    other: kind(1, 0),
  };
  const told = { ...counts(kinds), source: "immich", slowest: "faces" };
  const { sum, lines } = left.timeOfQueues(told, NOW);
  assert.equal(sum, "No telling: faces do not move now.");
  assert.deepEqual(lines.map(({ text }) => text), [
    `38,800 pictures left, 5/s, until ${clockTime(NOW + 7800, NOW)}`,
    "41,000 faces left, does not move now",
    "Text in 120 pictures left, paused in Immich",
  ]);
  assert.deepEqual(lines.map(({ isSlowest }) => isSlowest), [false, true, false]);
  const one = { ...counts({ clip: kinds.clip }), slowest: "clip", ends: NOW + 7800 };
  assert.equal(left.timeOfQueues(one, NOW).sum, `About 2 h 10 min left, until ${clockTime(NOW + 7800, NOW)}`);
  const silent = { ...counts({ clip: kind(9, 1) }), source: "immich" };
  assert.equal(left.timeOfQueues(silent, NOW).sum, "Immich has not told yet.");
  assert.equal(left.timeOfQueues({ ...silent, error: "refused" }, NOW).sum, "");
  const empty = counts({ clip: kind(9, 1, { left: 0, ends: NOW }) });
  assert.equal(left.timeOfQueues(empty, NOW).sum, "Immich’s queues are empty.");
});
