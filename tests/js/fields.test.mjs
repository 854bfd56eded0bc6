// Paths of fields, and the field on the page that a path means.

import assert from "node:assert/strict";
import { test } from "node:test";

import { nearestField, stepsOf } from "../../static/config/fields.js";

test("a path is read step by step", () => {
  const paths = {
    "": [],
    healthCheckInterval: ["healthCheckInterval"],
    "backends[12].url": ["backends", 12, "url"],
    "taskRouting.facial-recognition": ["taskRouting", "facial-recognition"],
    'taskRouting["clip/textual"].backends[0]': ["taskRouting", "clip/textual", "backends", 0],
    'taskRouting["a\\"].[b]\\u00e9"].strategy': ["taskRouting", 'a"].[b]é', "strategy"],
  };
  for (const [path, steps] of Object.entries(paths)) assert.deepEqual(stepsOf(path), steps);
});

test("a path that makes no sense is read as far as it does", () => {
  assert.deepEqual(stepsOf("backends[0].url said so"), ["backends", 0, "url"]);
  assert.deepEqual(stepsOf('taskRouting["\\x"]'), ["taskRouting"]);
  assert.deepEqual(stepsOf("[x]"), []);
});

test("an error shows at the field it names, or at the nearest that holds it", () => {
  const fields = [
    ["backends", 0],
    ["backends", 0, "url"],
    ["backends", 1],
    ["taskRouting", "clip/textual"],
    ["taskRouting", "clip/textual", "backends"],
    ["defaultBackend"],
  ].map((steps) => ({ steps }));
  const nearest = (path) => nearestField(stepsOf(path), fields);
  assert.equal(nearest("backends[0].url"), fields[1]);
  assert.equal(nearest("backends[0].name"), fields[0]);
  assert.equal(nearest("backends[1].url"), fields[2]);
  assert.equal(nearest('taskRouting["clip/textual"].backends[1]'), fields[4]);
  assert.equal(nearest('taskRouting["clip/textual"]'), fields[3]);
  assert.equal(nearest("defaultBackend[1]"), fields[5]);
});

test("an error of something that is not shown has no field", () => {
  const fields = [{ steps: ["backends", 0] }];
  for (const path of ["", "newer", "backends", "backends[10]", "backends[1].url"]) {
    assert.equal(nearestField(stepsOf(path), fields), undefined);
  }
});
