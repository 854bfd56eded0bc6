// A route's value: what is not changed by the user keeps its form.

import assert from "node:assert/strict";
import { test } from "node:test";

import { countSet, isChanged, readRoute, routeProblems, writeRoute } from "../../static/config/routes.js";

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

test("each field of scheduling makes a short form long, and is saved alone", () => {
  const typed = { holdSeconds: 120, maxWaiting: 0, hedgeAfterMs: 250.5 };
  for (const [name, number] of Object.entries(typed)) {
    const expected = { backends: ["a"], [name]: number };
    assert.deepEqual(edited("a", (route) => (route[name] = String(number))), expected);
    assert.deepEqual(edited(["a"], (route) => (route[name] = String(number))), expected);
  }
  const spill = (route) => (route.spill = true);
  assert.deepEqual(edited("a", spill), { backends: ["a"], spill: true });
});

test("an emptied number is left out, and the rest stays as it was", () => {
  const value = { spill: true, holdSeconds: 9, backends: ["a"], newer: 1, maxWaiting: 5 };
  const emptied = edited(value, (route) => (route.holdSeconds = ""));
  const { holdSeconds, ...rest } = value;
  assert.equal(holdSeconds, 9);
  assert.equal(JSON.stringify(emptied), JSON.stringify(rest));
  assert.equal(edited(value, (route) => (route.holdSeconds = "9")), value);
});

test("what is no number is told, unless it was saved so by a newer proxy", () => {
  const route = readRoute({ backends: ["a"], holdSeconds: "2 mins" });
  assert.deepEqual(routeProblems(route), []);
  Object.assign(route, { holdSeconds: "3 mins", maxWaiting: "all", hedgeAfterMs: "7" });
  const steps = routeProblems(route).map((problem) => problem.steps);
  assert.deepEqual(steps, [["holdSeconds"], ["maxWaiting"]]);
});

test("how long work is held may be left to the proxy, in any case of letters", () => {
  const expected = { backends: ["a"], holdSeconds: "auto" };
  for (const text of ["auto", "Auto"]) {
    assert.deepEqual(edited("a", (route) => (route.holdSeconds = text)), expected);
    const problems = routeProblems({ ...readRoute("a"), holdSeconds: text, maxWaiting: text });
    assert.deepEqual(problems.map(({ steps }) => steps), [["maxWaiting"]]);
  }
  assert.equal(edited(expected, () => {}), expected);
  const [problem] = routeProblems({ ...readRoute("a"), holdSeconds: "never" });
  assert.match(problem.text, /^“never” cannot be read: type a time, such as .* or auto\.$/);
});

test("the fields that are folded away are counted where they are set", () => {
  assert.equal(countSet(readRoute("a")), 0);
  const value = { backends: ["a"], fallback: true, spill: true, holdSeconds: 0 };
  assert.equal(countSet(readRoute(value)), 2);
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
