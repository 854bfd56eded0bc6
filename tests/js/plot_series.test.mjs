// The numbers that the plot draws.

import assert from "node:assert/strict";
import { test } from "node:test";

import { latest, lonely, markNear, seriesOf } from "../../static/overview/plot_series.js";

const UNTIL = 1_764_366_120;

/** Return an overview with these numbers in the last steps. */
function overview({ images = {}, searches = [], range = "15m", events = [], until = UNTIL }) {
  const step = range === "15m" ? 1 : 60;
  const length = Math.max(searches.length, ...Object.values(images).map((some) => some.length), 0);
  return {
    machines: Object.keys(images).map((name) => ({ name })),
    plot: { range, step, from: until - length * step, until, images, searchP95: searches },
    events,
  };
}

test("fifteen minutes are drawn by the second, a day by the minute", () => {
  const short = seriesOf(overview({}), UNTIL);
  assert.equal(short.times.length, 900);
  assert.equal(short.times[899], UNTIL - 1);
  const long = seriesOf(overview({ range: "24h" }), UNTIL);
  assert.equal(long.times.length, 1440);
  assert.equal(long.times[0], UNTIL - 24 * 3600);
});

test("a rate is what was answered in the ten seconds before", () => {
  const images = { gpu: [...Array(20).fill(4), ...Array(20).fill(0)] };
  const { rates } = seriesOf(overview({ images }), UNTIL).layers[0];
  assert.deepEqual(rates.slice(-41, -38), [0, 0.4, 0.8]);
  assert.equal(rates.at(-21), 4);
  assert.equal(rates.at(-16), 2);
  assert.equal(rates.at(-1), 0);
});

test("a minute's rate is that of its seconds, of those that have been if it grows", () => {
  const images = { gpu: [600, 300] };
  const told = overview({ images, range: "24h" });
  assert.deepEqual(seriesOf(told, UNTIL).layers[0].rates.slice(-2), [10, 5]);
  assert.deepEqual(seriesOf(told, UNTIL - 30).layers[0].rates.slice(-2), [10, 10]);
  assert.deepEqual(seriesOf(told, UNTIL - 59).layers[0].rates.slice(-2), [10, 30]);
});

test("machines are stacked in their order", () => {
  const images = { gpu: Array(20).fill(9), mac: Array(20).fill(5), nas: [] };
  const { layers } = seriesOf(overview({ images }), UNTIL);
  assert.deepEqual(
    layers.map(({ name, tops }) => [name, tops.at(-1)]),
    [
      ["gpu", 9],
      ["mac", 14],
      ["nas", 14],
    ],
  );
});

test("a machine that nothing is told of has done nothing, whatever it is called", () => {
  const told = overview({});
  told.machines = [{ name: "constructor" }];
  assert.equal(seriesOf(told, UNTIL).layers[0].rates.at(-1), 0);
});

test("steps that are not told are zero", () => {
  const images = { gpu: [3] };
  const { rates } = seriesOf(overview({ images }), UNTIL).layers[0];
  assert.ok(Math.abs(rates.at(-1) - 0.3) < 1e-9);
  assert.equal(rates.at(-2), 0);
  assert.equal(rates.length, 900);
});

test("the first steps do not look like a beginning where work was before them", () => {
  const { rates } = seriesOf(overview({ images: { gpu: Array(900).fill(4) } }), UNTIL).layers[0];
  assert.deepEqual(rates.slice(0, 3), [4, 4, 4]);
});

test("more steps than are drawn are used for the rate and not drawn", () => {
  const images = { gpu: Array(1000).fill(2) };
  const { rates, tops } = seriesOf(overview({ images }), UNTIL).layers[0];
  assert.equal(rates.length, 900);
  assert.equal(rates[0], 2);
  assert.equal(tops[0], 2);
});

test("time goes on where the proxy has nothing new to tell", () => {
  const images = { gpu: Array(20).fill(4) };
  const told = overview({ images });
  const soon = seriesOf(told, UNTIL + 2.9);
  assert.equal(soon.times.at(-1), UNTIL - 1);
  assert.equal(soon.layers[0].rates.at(-1), 4);
  const late = seriesOf(told, UNTIL + 63);
  assert.equal(late.times.at(-1), UNTIL + 59);
  assert.equal(late.layers[0].rates.at(-1), 0);
});

test("searches are a line that goes on over a pause and breaks off at a long one", () => {
  const searches = [80, 0, 0, 90, ...Array(40).fill(0), 70];
  const drawn = seriesOf(overview({ searches }), UNTIL).searches.slice(-45);
  assert.deepEqual(drawn.slice(0, 4), [80, undefined, undefined, 90]);
  assert.ok(drawn.slice(4, 44).every((value) => value === null));
  assert.equal(drawn[44], 70);
});

test("a search that has no line to either side is a point", () => {
  assert.deepEqual(lonely([5, null, 6, 7, null, 8]), [0, 5]);
  assert.deepEqual(lonely([5, undefined, 6, null, 7, undefined, 8]), []);
  assert.deepEqual(lonely([null, null]), []);
  assert.deepEqual(lonely([5]), [0]);
});

test("what happened in the time that is drawn is marked, by what it means", () => {
  const events = [
    { at: UNTIL - 901, kind: "down", text: "too old" },
    { at: UNTIL - 900, kind: "down", text: "gpu is down" },
    { at: UNTIL - 60, kind: "up", text: "gpu is up again" },
    { at: UNTIL - 30, kind: "woken", text: "gpu was woken" },
  ];
  assert.deepEqual(
    seriesOf(overview({ events }), UNTIL).marks.map(({ text, tone }) => [text, tone]),
    [
      ["gpu is down", "bad"],
      ["gpu is up again", "good"],
      ["gpu was woken", "other"],
    ],
  );
});

test("the nearest mark is found, the later one of two, none that is too far", () => {
  const marks = [{ at: 10 }, { at: 20 }, { at: 20, text: "later" }];
  assert.equal(markNear(marks, 12, 5), marks[0]);
  assert.equal(markNear(marks, 19, 5), marks[2]);
  assert.equal(markNear(marks, 30, 5), undefined);
});

test("the latest value is found over what there is none of", () => {
  assert.equal(latest([5, 6, undefined, null]), 6);
  assert.equal(latest([null]), null);
  assert.equal(latest([]), null);
});
