// What the plot shows, in words.

import assert from "node:assert/strict";
import { test } from "node:test";

import { clock, eventWords, summaryWords } from "../../static/overview/plot_words.js";

const EMPTY = { times: [], layers: [], searches: [], marks: [] };

test("the plot is told as its last and highest rate, its searches and its events", () => {
  const layers = [{ name: "gpu", rates: [], tops: [1, 12.4, 9.4] }];
  const marks = [{ at: 0, text: "gpu is down", tone: "bad" }];
  const searches = [80, undefined, 120, null];
  const text = summaryWords({ ...EMPTY, layers, searches, marks }, "15m");
  assert.equal(
    text,
    "Images per second in the last 15 minutes: now 9.4, 12 at the most, " +
      "95 % of the last searches took up to 120 ms, 1 event.",
  );
});

test("with nothing to tell there are zeros, and nothing of searches", () => {
  const text = "Images per second in the last 24 hours: now 0, 0 at the most, 0 events.";
  assert.equal(summaryWords(EMPTY, "24h"), text);
});

test("an event is told with the time of day", () => {
  const mark = { at: 1_764_366_120, text: "gpu is down", tone: "bad" };
  assert.equal(eventWords(mark), `${clock(1_764_366_120)} gpu is down`);
});
