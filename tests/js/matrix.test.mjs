// The table of who does what: which rows it has, and what a press in it changes.

import assert from "node:assert/strict";
import { test } from "node:test";

import { readDraft, writeDraft } from "../../static/config/draft.js";
import * as matrix from "../../static/config/matrix.js";

const BACKENDS = ["a", "b", "c"].map((name) => ({ name, url: `http://${name}` }));

function read(taskRouting, defaultBackend = ["a", "b"]) {
  return readDraft({ defaultBackend, backends: BACKENDS, taskRouting });
}

/** Return the places of all machines, by the key of the row. */
function places(draft) {
  const rows = matrix.rowsOf(draft);
  return Object.fromEntries(
    rows.map((row) => [row.key, draft.backends.map((one) => matrix.placeIn(row, one)).join("")]),
  );
}

const row = (draft, key) => matrix.rowsOf(draft).find((one) => one.key === key);

test("all that Immich has is there, and all other work", () => {
  const draft = read({});
  assert.deepEqual(places(draft), {
    "clip/textual": "120",
    "clip/visual": "120",
    "facial-recognition": "120",
    ocr: "120",
    default: "120",
  });
  assert.equal(row(draft, "ocr").note, "like all other work");
  assert.equal(row(draft, "ocr").own, null);
});

test("a row has the most exact route, and says whose it is", () => {
  const draft = read({ clip: "c", textual: "b", facial_recognition: ["c", "a"], cilp: "a", detection: "b" });
  assert.deepEqual(places(draft), {
    textual: "010",
    "clip/visual": "001",
    facial_recognition: "010",
    ocr: "010",
    clip: "001",
    cilp: "100",
    detection: "010",
    default: "120",
  });
  assert.equal(row(draft, "clip/visual").note, "like searches and pictures");
  assert.equal(row(draft, "ocr").note, "decided by detection");
  assert.equal(row(draft, "cilp").title, "cilp");
  assert.equal(row(draft, "cilp").isStandard, false);
});

test("a press gives a machine work as the last one, another takes it away", () => {
  const draft = read({ ocr: "b" });
  matrix.toggle(draft, row(draft, "ocr"), draft.backends[0]);
  assert.equal(places(draft).ocr, "210");
  matrix.toggle(draft, row(draft, "ocr"), draft.backends[1]);
  assert.equal(places(draft).ocr, "100");
  assert.deepEqual(writeDraft(draft).taskRouting, { ocr: "a" });
});

test("a press in a row without machines of its own gives it those that it had", () => {
  const draft = read({}, { backends: ["a", "b"], strategy: "fastest", holdSeconds: 60 });
  matrix.toggle(draft, row(draft, "clip/textual"), draft.backends[2]);
  assert.equal(places(draft)["clip/textual"], "123");
  assert.deepEqual(writeDraft(draft).taskRouting, {
    "clip/textual": { backends: ["a", "b", "c"], strategy: "fastest", holdSeconds: 60 },
  });
  matrix.release(draft, row(draft, "clip/textual"));
  assert.deepEqual(writeDraft(draft).taskRouting, {});
});

test("a number puts a machine at that place; the others move on", () => {
  const draft = read({ ocr: ["a", "b", "c"] });
  const [a, b, c] = draft.backends;
  const put = (backend, place) => {
    matrix.put(draft, row(draft, "ocr"), backend, place);
    return places(draft).ocr;
  };
  assert.equal(put(c, 1), "231");
  assert.equal(put(a, 9), "321");
  assert.equal(put(b, 0), "201");
  assert.equal(put(b, 2), "321");
});

test("what a more exact route decides is not changed here", () => {
  const draft = read({ detection: "b" });
  matrix.toggle(draft, row(draft, "ocr"), draft.backends[0]);
  assert.deepEqual(writeDraft(draft).taskRouting, { detection: "b" });
});

test("a row is added for any work but what has one", () => {
  const draft = read({ clip: "a", facial_recognition: "b" });
  const told = (key) => matrix.keyProblem(draft, key);
  assert.equal(told(""), "Say which work it is for.");
  assert.equal(told("clip"), "There is a row for clip already.");
  assert.equal(told("facial-recognition"), "There is a row for facial_recognition already.");
  assert.equal(told("clip/textual"), "That is the row Search by text.");
  assert.equal(told("default"), "That is the row All other work.");
  assert.equal(told("face-swap"), "");
  matrix.addRow(draft, "face-swap");
  assert.equal(places(draft)["face-swap"], "120");
});
