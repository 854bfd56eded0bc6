// How the overview's answers are put together.

import assert from "node:assert/strict";
import { test } from "node:test";

import { ahead, merged } from "../../static/overview/state.js";
import { NOW, machine, overview } from "./calm.mjs";

const plot = (from, until, images, searchP95 = []) => ({
  range: "15m",
  step: 1,
  from,
  until,
  images,
  searchP95,
});
const first = (images, searchP95) =>
  overview([machine("a")], { plot: plot(NOW - 3, NOW, images, searchP95), events: [{ id: 1 }] });
const later = (images, more = {}) =>
  overview([machine("b")], {
    full: false,
    now: NOW + 2,
    plot: plot(NOW - 1, NOW + 2, images, [0, 44, 45]),
    events: [{ id: 1 }, { id: 2 }],
    ...more,
  });

test("new steps follow the old ones, and one that comes again counts", () => {
  const { plot: joined, machines } = merged(first({ a: [1, 2, 3] }, [7, 8, 9]), later({ a: [4, 5, 6] }));
  assert.deepEqual({ ...joined.images }, { a: [1, 2, 4, 5, 6] });
  assert.deepEqual(joined.searchP95, [7, 8, 0, 44, 45]);
  assert.deepEqual([joined.from, joined.until], [NOW - 3, NOW + 2]);
  assert.equal(machines[0].name, "b");
});

test("what arrays do not cover is nothing, whatever a machine is called", () => {
  const { plot: joined } = merged(first({ a: [1] }), later({ constructor: [0, 5] }));
  assert.deepEqual(joined.images.a, [1, 0, 0, 0, 0]);
  assert.deepEqual(joined.images.constructor, [0, 0, 0, 5, 0]);
});

test("a plot goes back as far as it says, and a machine without any work leaves it", () => {
  const long = overview([], { plot: plot(NOW - 900, NOW, { a: [9], b: new Array(900).fill(1) }) });
  const { plot: joined } = merged(long, later({}));
  assert.deepEqual([joined.from, joined.until], [NOW - 898, NOW + 2]);
  assert.deepEqual(Object.keys(joined.images), ["b"]);
  assert.equal(joined.images.b.length, 900);
});

test("a proxy that has no steps yet is no trouble", () => {
  const young = overview([], { plot: plot(NOW - 900, 1, {}) });
  const { plot: joined } = merged(young, later({}, { plot: plot(NOW - 898, 1, {}) }));
  assert.deepEqual([joined.from, joined.until], [NOW - 900, NOW - 898]);
  assert.deepEqual(merged(young, later({ a: [1, 2, 3] })).plot.images.a.slice(-3), [1, 2, 3]);
});

test("each event is kept once, the last 200", () => {
  assert.deepEqual(merged(first({}), later({})).events.map(({ id }) => id), [1, 2]);
  const events = Array.from({ length: 300 }, (_, id) => ({ id: id + 2 }));
  const kept = merged(first({}), later({}, { events })).events;
  assert.deepEqual([kept.length, kept.at(-1).id], [200, 301]);
});

test("a whole answer, another range, or the first one replaces all", () => {
  const whole = overview([]);
  assert.equal(merged(first({}), whole), whole);
  assert.equal(merged(null, whole), whole);
  const other = later({}, { plot: { ...plot(0, 60, {}), range: "24h", step: 60 } });
  assert.equal(merged(first({}), other), other);
});

test("the proxy's clock is known from new answers only", () => {
  assert.equal(ahead(null, overview([]), NOW - 5, 0), 5);
  assert.equal(ahead(overview([]), later({}), NOW, 9), 2);
  assert.equal(ahead(overview([]), overview([]), NOW + 60, 9), 9);
});
