// What is known of recorded requests after each answer.

import assert from "node:assert/strict";
import { test } from "node:test";

import * as known from "../../static/debug/known.js";

const row = (number) => ({ id: `r${number}`, state: "done" });

function answer(numbers, more = {}) {
  return {
    rows: numbers.map(row),
    next: String(numbers.at(-1) ?? 0),
    older: null,
    total: 10,
    matching: 10,
    underWay: [],
    dropped: 0,
    ...more,
  };
}

const ids = ({ rows }) => rows.map(({ id }) => id).join(" ");

test("the newest request comes first, then what is older", () => {
  let now = known.begun(answer([8, 9], { older: "8" }));
  assert.equal(ids(now), "r9 r8");
  now = known.continued(now, answer([6, 7], { older: "6", next: "9" }));
  assert.equal(ids(now), "r9 r8 r7 r6");
  assert.equal(now.older, "6");
  assert.equal(now.next, "9");
});

test("what has come since stands before what is known, once", () => {
  const before = known.begun(answer([1, 2], { matching: 2 }));
  assert.equal(ids(known.renewed(before, answer([3, 4], { matching: 4 }))), "r4 r3 r2 r1");
  assert.equal(ids(known.renewed(before, answer([2, 3], { matching: 3 }))), "r3 r2 r1");
  assert.equal(ids(known.renewed(before, answer([], { matching: 2 }))), "r2 r1");
});

test("what the proxy has forgotten is forgotten here", () => {
  const before = known.begun(answer([1, 2, 3], { matching: 3 }));
  assert.equal(ids(known.renewed(before, answer([4], { matching: 3 }))), "r4 r3 r2");
  assert.equal(ids(known.renewed(before, answer([], { matching: 0 }))), "");
});

test("after a restart or a clearing nothing is kept of before", () => {
  const before = known.begun(answer([1, 2, 3]));
  assert.equal(ids(known.renewed(before, answer([1], { reset: true }))), "r1");
});

test("the list is as long as there are requests, known or not", () => {
  const some = known.begun(answer([8, 9], { older: "8", underWay: [row(11), row(10)] }));
  assert.equal(known.length(some), 12);
  assert.equal(known.length({ ...some, older: null }), 4);
  assert.equal(known.length({ ...some, matching: 1 }), 5);
});

test("what is under way stands at the top, and each has one place", () => {
  const some = known.begun(answer([8, 9], { older: "8", underWay: [row(11), row(10)] }));
  const places = ["r11", "r10", "r9", "r8"];
  places.forEach((id, place) => {
    assert.equal(known.lineAt(some, place)?.id, id);
    assert.equal(known.placeOf(some, id), place);
  });
  assert.equal(known.lineAt(some, 4), undefined);
  assert.equal(known.placeOf(some, "r1"), -1);
});
