// A route's value: what is not changed by the user keeps its form.

import assert from "node:assert/strict";
import { test } from "node:test";

import { isChanged, readRoute, writeRoute } from "../../static/routes.js";

/** Return what is saved after `edit` was done to the route of `value`. */
function edited(value, edit) {
  const route = readRoute(value);
  edit(route);
  return writeRoute(route);
}

const rename = (route) => (route.backends[0].name = "new");
const add = (route) => route.backends.push({ name: "b" });
const removeLast = (route) => route.backends.pop();
const fallBack = (route) => (route.fallback = true);

test("an untouched value is saved as it is, even one that makes no sense here", () => {
  const odd = [null, "", 7, {}, [], ["a", 7], { backends: [{ name: "a", weight: 2 }] }];
  const known = ["a", ["a"], ["a", "b"], { backends: ["a"], fallback: false, newer: [1] }];
  for (const value of [...odd, ...known]) {
    const route = readRoute(value);
    assert.equal(isChanged(route), false);
    assert.equal(writeRoute(route), value);
  }
});

test("a name stays a name while there is one backend and no more to say", () => {
  assert.equal(edited("a", rename), "new");
  assert.deepEqual(edited("a", add), ["a", "b"]);
});

test("a list stays a list", () => {
  assert.deepEqual(edited(["a"], rename), ["new"]);
  assert.deepEqual(edited(["a", "b"], removeLast), ["a"]);
  assert.deepEqual(edited(["a"], removeLast), []);
});

test("the long form stays, with the fields that only a newer proxy knows", () => {
  const value = { weights: { a: 2 }, backends: ["a"], strategy: "newest" };
  assert.deepEqual(edited(value, add), { ...value, backends: ["a", "b"] });
  assert.deepEqual(edited(value, fallBack), { ...value, fallback: true });
  assert.deepEqual(value.backends, ["a"]);
});

test("what only the long form can say makes a short form long", () => {
  assert.deepEqual(edited("a", fallBack), { backends: ["a"], fallback: true });
  const slow = (route) => (route.strategy = "slowest");
  assert.deepEqual(edited(["a", "b"], slow), { backends: ["a", "b"], strategy: "slowest" });
});

test("a change taken back leaves the value as it was", () => {
  const value = ["a", "b"];
  const route = readRoute(value);
  const taken = route.backends.pop();
  assert.equal(isChanged(route), true);
  route.backends.push(taken);
  assert.equal(writeRoute(route), value);
});

test("a new route takes the shortest form", () => {
  assert.equal(edited(undefined, add), "b");
  assert.deepEqual(edited(undefined, () => {}), []);
  assert.deepEqual(
    edited(undefined, (route) => (add(route), fallBack(route))),
    { backends: ["b"], fallback: true },
  );
});
