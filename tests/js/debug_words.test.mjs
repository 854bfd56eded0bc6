// What the debug page says of a request, of its parts, and of sending it again.

import assert from "node:assert/strict";
import { test } from "node:test";

import { againWords } from "../../static/debug/again_words.js";
import { foundWords, shapesOf } from "../../static/debug/boxes.js";
import * as json from "../../static/debug/json_words.js";
import * as words from "../../static/debug/row_words.js";
import * as parts from "../../static/debug/waterfall_words.js";

const ROW = {
  id: "r1",
  time: new Date(2026, 0, 31, 12, 0, 7).getTime() / 1000,
  traceId: "t",
  kind: "predict",
  method: "POST",
  path: "/predict",
  tasks: ["clip/textual"],
  words: "search",
  models: ["ViT"],
  machines: ["gpu"],
  status: 200,
  state: "done",
  wait: 1.2,
  work: 0.041,
  duration: 1.241,
  requestBytes: 1024,
  responseBytes: 2048,
  thumbnail: false,
  error: null,
  parts: 1,
};
const NOW = new Date(2026, 0, 31, 13);

test("a line says what it was for, when, how long and how much", () => {
  assert.equal(words.workWords(ROW), "search");
  assert.equal(words.workWords({ ...ROW, words: "", method: "GET", path: "/ping" }), "GET /ping");
  assert.equal(words.timeWords(ROW, NOW), new Date(ROW.time * 1000).toLocaleTimeString());
  assert.equal(words.timesWords({ wait: 1200, work: 41 }), "waited 1.2 s, worked 41 ms");
  assert.equal(words.timesWords({ wait: 0.2, work: 0 }), "worked 0.0 ms");
  assert.equal(words.timesWords({ wait: 30, work: 0 }), "waited 30 ms");
  assert.equal(words.sizeWords(ROW), "1 KiB in, 2 KiB out");
});

test("how a request ended, or what becomes of it, has a tone", () => {
  const told = (more) => Object.values(words.statusWords({ ...ROW, ...more })).join(" ");
  assert.equal(told({}), "good 200");
  assert.equal(told({ status: 503 }), "bad 503");
  assert.equal(told({ error: "broken off" }), "bad 200");
  assert.equal(told({ status: null, error: "x" }), "bad failed");
  assert.equal(told({ status: null }), "bad no answer");
  assert.equal(told({ state: "held", status: null }), "warn held");
  assert.equal(told({ state: "waiting", status: null }), "warn waiting");
  assert.equal(told({ state: "under way", status: null }), "idle under way");
});

test("what has not ended grows older: by waiting, or by work", () => {
  assert.deepEqual(words.times(ROW, 5), { wait: 1200, work: 41 });
  const waiting = { ...ROW, state: "waiting", work: 0 };
  assert.deepEqual(words.times(waiting, 2), { wait: 3200, work: 0 });
  assert.deepEqual(words.times({ ...ROW, state: "under way" }, 2), { wait: 1200, work: 2041 });
  assert.deepEqual(words.times(waiting, -1), { wait: 1200, work: 0 });
});

test("a bar shows what is short and what is long, and its parts add up", () => {
  assert.equal(words.barLength(0), 0);
  assert.equal(words.barLength(300_000), 1);
  assert.equal(words.barLength(1e9), 1);
  assert.ok(words.barLength(20) > 0.2 && words.barLength(20) < 0.3);
  assert.deepEqual(words.barParts({ wait: 0, work: 0 }), { wait: 0, work: 0 });
  const { wait, work } = words.barParts({ wait: 30, work: 10 });
  assert.ok(Math.abs(wait - 3 * work) < 1e-9);
  assert.ok(Math.abs(wait + work - 100 * words.barLength(40)) < 1e-9);
});

test("how many there are is told, those under way first", () => {
  const underWay = ["under way", "held", "waiting", "held"].map((state) => ({ ...ROW, state }));
  const known = { underWay, matching: 1204, total: 10_000 };
  assert.equal(words.countsWords(known, true), "1 under way, 1 waiting, 2 held, 1,204 of 10,000 recorded match");
  assert.equal(words.countsWords({ ...known, underWay: [] }, false), "1,204 recorded");
  const many = { ...known, underWay: underWay.slice(0, 1), underWayTotal: 1500 };
  assert.equal(
    words.countsWords(many, false),
    "1 under way, 1,499 more that have not ended, 1,204 recorded",
  );
});

const PART = {
  machine: "gpu",
  tasks: ["clip/visual"],
  begin: 0,
  wait: 0,
  duration: 1,
  status: 200,
  outcome: "answered",
  why: "first",
  reason: null,
};

test("why a machine was asked is told, and what came of it", () => {
  assert.equal(parts.whyTold(PART), "First choice.");
  assert.match(parts.whyTold({ ...PART, why: "failover" }), /after another one had failed/);
  assert.equal(parts.whyTold({ ...PART, why: "constructor" }), "Constructor.");
  const sentence = { ...PART, why: "failover", whyWords: "gpu refused the connection" };
  assert.equal(parts.whyTold(sentence), "gpu refused the connection");
  assert.deepEqual(parts.outcomeWords(PART), { tone: "good", text: "answered, 200" });
  const lost = parts.outcomeWords({ ...PART, status: null, outcome: "outpaced" });
  assert.deepEqual(lost, { tone: "idle", text: "called off: another one was faster" });
  const newer = parts.outcomeWords({ ...PART, outcome: "newer" });
  assert.deepEqual(newer, { tone: "good", text: "newer, 200" });
});

test("a part stands where it was on its request's time, after the wait before it", () => {
  assert.deepEqual(parts.span(PART, 4), { begin: 0, wait: 0, work: 25 });
  const later = { ...PART, begin: 2, wait: 0.5, duration: 2 };
  assert.deepEqual(parts.span(later, 4), { begin: 37.5, wait: 12.5, work: 50 });
  // One that goes on after the answer must not stick out.
  assert.deepEqual(parts.span(later, 1), { begin: 37.5, wait: 12.5, work: 50 });
  assert.deepEqual(parts.span({ ...PART, duration: 0 }, 0), { begin: 0, wait: 0, work: 0 });
  const going = { ...PART, begin: 1, duration: null };
  assert.deepEqual(parts.span(going, 4), { begin: 25, wait: 0, work: 75 });
  assert.equal(parts.wholeOf({ duration: 1, outgoing: [PART, later] }), 4);
  assert.equal(parts.wholeOf({ duration: 3, outgoing: [going] }), 3);
  assert.equal(parts.whenWords(PART), "at once, worked 1.0 s");
  assert.equal(
    parts.whenWords(later),
    "after 2.0 s, of which 500 ms nobody was asked, worked 2.0 s",
  );
  assert.equal(parts.whenWords(going), "after 1.0 s");
});

test("faces and texts are drawn where they are, in pixels or in parts of the picture", () => {
  const face = { x1: 1, y1: 2, x2: 11, y2: 22, score: 0.987 };
  const inParts = { points: [0, 0, 0.5, 0, 0.5, 0.5, 0, 0.5], text: "EXIT", score: 0.9 };
  const inPixels = { points: [0, 0, 50, 0, 50, 25, 0, 25], text: "", score: NaN };
  const boxes = { faces: [face], texts: [inParts, inPixels] };
  const shapes = shapesOf({ boxes, imageWidth: 100, imageHeight: 50 });
  assert.deepEqual(
    shapes.map(({ points }) => points),
    ["1 2 11 2 11 22 1 22", "0 0 50 0 50 25 0 25", "0 0 50 0 50 25 0 25"],
  );
  assert.deepEqual(
    shapes.map(({ label }) => label),
    ["Face 1: 99 % sure", "“EXIT”: 90 % sure", "“”: not told how sure"],
  );
  assert.equal(foundWords(shapes), "1 face, 2 texts");
});

test("what is no box is not drawn", () => {
  const texts = [{ points: [1, 2, 3], text: "", score: 1 }, { points: [1, null], text: "", score: 1 }];
  assert.deepEqual(shapesOf({ boxes: { texts }, imageWidth: 9, imageHeight: 9 }), []);
  assert.deepEqual(shapesOf({ boxes: null, imageWidth: 9, imageHeight: 9 }), []);
  assert.deepEqual(shapesOf({ boxes: { texts }, imageWidth: null, imageHeight: null }), []);
  assert.equal(foundWords([]), "");
});

test("long lists of numbers are folded", () => {
  assert.equal(json.numbersWords(512, [0.0123456, -0.2, 3, 4]), "512 numbers: 0.01235, -0.2, 3, …");
  assert.equal(json.numbersWords(2, [1, 2]), "2 numbers: 1, 2");
  assert.ok(json.isFolded({ numbers: 512, first: [1] }));
  for (const other of [null, 7, [], { numbers: 512 }, { numbers: 1, first: [], more: 1 }]) {
    assert.ok(!json.isFolded(other));
  }
  assert.ok(json.isCut({ characters: 9000, first: "a" }));
  for (const other of [null, "a", [], { characters: 1 }, { characters: "1", first: "a" }]) {
    assert.ok(!json.isCut(other));
  }
  assert.equal(json.leftOut("12", { more: 7 }), 7);
  assert.equal(json.leftOut("…", 3), 3);
  for (const [key, other] of [["a", 3], ["…", "3"], ["1", { more: 7, b: 1 }], ["1", null]]) {
    assert.equal(json.leftOut(key, other), 0);
  }
  assert.equal(json.pointerTo([]), "");
  assert.equal(json.pointerTo(["a/b", "0", "c~d"]), "/a~1b/0/c~0d");
  assert.ok(json.isVector([1, 2, 3, 4, 5, 6, 7, 8, 9]));
  assert.ok(!json.isVector([1, 2, 3, 4, 5, 6, 7, 8]));
  assert.ok(!json.isVector([1, 2, 3, 4, 5, 6, 7, 8, "9"]));
  assert.equal(json.heldWords([]), "empty");
  assert.equal(json.heldWords([1]), "1 item");
  assert.equal(json.heldWords({ a: 1, b: 2 }), "2 fields");
  assert.deepEqual(json.shortened("a"), ["a", ""]);
  assert.deepEqual(json.shortened("a".repeat(301)), ["a".repeat(300), "a"]);
});

test("how alike two answers are is told, and never rounded to the same", () => {
  const sent = { machine: "nas", status: 200, duration: 0.2 };
  assert.deepEqual(againWords(sent), { isBad: false, lines: ["nas answered 200 in 200 ms."] });
  const alike = againWords({ ...sent, similarity: { clip: 0.99996 } }).lines[1];
  assert.match(alike, / over 0\.999; 1 is the same\.$/);
  assert.match(againWords({ ...sent, similarity: { clip: 1 } }).lines[1], / 1\.000; /);
  assert.equal(againWords({ ...sent, similarity: { clip: null } }).lines.length, 1);
  const faces = [{ cosine: 0.97, iou: 0.9 }, { cosine: 0.5, iou: 0.6 }];
  assert.match(againWords({ ...sent, faces }).lines[1], /^2 faces .* 0\.970, 0\.500\.$/);
  assert.match(againWords({ ...sent, faces: faces.slice(1) }).lines[1], /^One face .* 0\.500\.$/);
  const failed = againWords({ ...sent, status: null, error: "refused", faces });
  assert.deepEqual(failed, { isBad: true, lines: ["refused"] });
});
