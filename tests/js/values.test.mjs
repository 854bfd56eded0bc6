// Fields that are texts while they are edited: what means the same stays as it was.

import assert from "node:assert/strict";
import { test } from "node:test";

import * as values from "../../static/config/values.js";

const TIME = { name: "time", label: "Time", kind: "seconds", words: ["auto"], byDefault: "10 s" };
const CHECK = {
  name: "check",
  label: "Check",
  choices: [{ value: "full", label: "In full" }, { value: "off", label: "Not" }],
};

/** Return what is saved after this was typed. */
function put(owner, setting, text) {
  const copy = { ...owner };
  values.put(copy, setting, text);
  return copy;
}

test("a choice shows its default, which is saved only where another one was", () => {
  assert.equal(values.textOf({}, CHECK), "full");
  assert.deepEqual(put({}, CHECK, "full"), {});
  assert.deepEqual(put({}, CHECK, "off"), { check: "off" });
  assert.deepEqual(put({ check: "off" }, CHECK, "full"), { check: "full" });
});

test("a number is empty where it is not set, and left out where it is emptied", () => {
  assert.equal(values.textOf({}, TIME), "");
  assert.deepEqual(put({}, TIME, ""), {});
  assert.deepEqual(put({}, TIME, "2.5"), { time: 2.5 });
  assert.deepEqual(put({ time: 2.5 }, TIME, ""), {});
});

test("a unit is read, and another way to say the same is no change", () => {
  assert.deepEqual(put({}, TIME, "5 min"), { time: 300 });
  const saved = { time: 300 };
  values.put(saved, TIME, "300 s");
  assert.deepEqual(saved, { time: 300 });
  assert.deepEqual(put({ time: 300 }, TIME, "AUTO"), { time: "auto" });
});

test("what cannot be read is told in words, unless it was saved so", () => {
  assert.equal(values.problemOf({}, TIME, "5 min"), "");
  assert.equal(values.problemOf({}, TIME, "auto"), "");
  assert.equal(
    values.problemOf({}, TIME, "soon"),
    "“soon” cannot be read: type a time, such as 30 s, 5 min or 1 h or auto.",
  );
  assert.equal(values.problemOf({ time: "soon" }, TIME, "soon"), "");
});

test("a text is shown tidily once it is left", () => {
  assert.equal(values.tidied(TIME, "3600"), "1 h");
  assert.equal(values.tidied(TIME, "auto"), "auto");
  assert.equal(values.tidied(TIME, ""), "");
});

test("parts are taken out when nothing is left in them", () => {
  const owner = { part: { time: 300, other: 1 } };
  values.putPart(owner, "part", [[TIME, ""]]);
  assert.deepEqual(owner, {});
  values.putPart(owner, "part", [[TIME, ""]]);
  assert.deepEqual(owner, {});
  values.putPart(owner, "part", [[TIME, "1 h"]]);
  assert.deepEqual(owner, { part: { time: 3600 } });
});
