// What the overview says first.

import assert from "node:assert/strict";
import { test } from "node:test";

import { goneVerdict, verdictOf } from "../../static/overview/verdict.js";
import { clockTime } from "../../static/shared/words.js";
import { NOW, machine, overview, route, waiting } from "./calm.mjs";

const say = (known, now = NOW) => verdictOf(known, now);
const DEAD = { state: "down", since: NOW - 180, why: "connection refused" };

test("work that goes on is told with its speed, in the title as well", () => {
  const busy = [machine("a", { rate: { image: 4.2 } }), machine("b", { rate: { image: 5.2, search: 1 } })];
  const { tone, text, title, actions, why } = say(overview(busy));
  assert.equal(tone, "good");
  assert.equal(text, "Working: 9.4 images/s; 2 of 2 in use.");
  assert.equal(title, "9.4 images/s");
  assert.deepEqual([actions, why], [[], []]);
});

test("searches alone are work, too, and to have nothing to do is no trouble", () => {
  assert.match(say(overview([machine("a", { rate: { search: 0.5 } })])).text, /^Working: 0\.5 searches\/s/);
  const idle = say(overview([machine("a")]));
  assert.equal(idle.text, "Ready: nothing to do; 1 of 1 in use.");
  assert.deepEqual([idle.tone, idle.title], ["good", "Ready"]);
});

test("as long as Immich has not called, that is what is waited for", () => {
  const never = { immich: { firstCall: null } };
  assert.equal(say(overview([machine("a")], never)).text, "Ready; waiting for Immich’s first call; 1 of 1 in use.");
  const demo = say(overview([machine("a")], { ...never, demo: { simulated: true } }));
  assert.equal(demo.text, "Ready: nothing to do; 1 of 1 in use.");
});

test("a machine that was put aside on purpose is no trouble", () => {
  const aside = machine("nas", { state: "drained", by: "hand", since: NOW - 60 });
  const { tone, text } = say(overview([machine("a"), machine("b"), aside]));
  assert.equal(tone, "good");
  const since = clockTime(NOW - 60, NOW);
  assert.equal(text, `Ready: nothing to do; 2 of 2 in use; nas is drained by you since ${since}.`);
  const written = machine("nas", { state: "disabled", by: "file" });
  assert.match(say(overview([machine("a"), written])).text, /; nas is disabled in the configuration\.$/);
});

test("a machine that is off by its window, or disabled for a while, is no trouble", () => {
  const until = NOW + 3600;
  const off = machine("pc", { state: "disabled", by: "window", since: NOW - 60, until });
  const { tone, text } = say(overview([machine("a"), off]));
  assert.equal(tone, "good");
  const clock = clockTime(until, NOW);
  assert.equal(text, `Ready: nothing to do; 1 of 1 in use; pc is off until ${clock} by its window.`);
  const gaming = machine("pc", { state: "disabled", by: "hand", since: NOW - 60, until });
  assert.match(say(overview([machine("a"), gaming])).text, new RegExp(`; pc is disabled by you until ${clock}\\.$`));
  const file = machine("pc", { state: "disabled", by: "file", since: NOW - 60, until });
  assert.match(say(overview([machine("a"), file])).text, new RegExp(`; pc is disabled until ${clock}\\.$`));
});

test("a route that has nobody but who is off by a window says so, and nothing undoes it", () => {
  const off = machine("pc", { state: "disabled", by: "window", since: NOW - 60, until: NOW + 3600 });
  const routes = [route("facial-recognition", ["pc"], { down: true }), route("default", ["a"])];
  const { tone, text, actions } = say(overview([machine("a"), off], { routes }));
  assert.equal(tone, "warn");
  assert.match(text, /^No machine is left for faces: pc is off until .* by its window\.$/);
  assert.deepEqual(actions, []);
});

test("a machine that rests, or sleeps while others work, is no trouble", () => {
  const resting = machine("pc", { resting: true });
  assert.equal(say(overview([machine("a"), resting])).text, "Ready: nothing to do; 2 of 2 in use.");
  const asleep = machine("pc", { ...DEAD, resting: true });
  const { tone, text } = say(overview([machine("a"), asleep]));
  assert.deepEqual([tone, text], ["good", "Ready: nothing to do; 2 of 2 in use."]);
});

test("a machine that sleeps while work is held for it is trouble", () => {
  const held = waiting("faces", 2, { held: 2, for: ["pc"] });
  const asleep = machine("pc", { ...DEAD, resting: true });
  const routes = [route("facial-recognition", ["pc"], { down: true, holds: true, waiting: [held] }), route("default", ["a"])];
  assert.equal(say(overview([machine("a"), asleep], { routes })).tone, "bad");
});

test("held work of a dead machine: how much, how long still, and what can be done", () => {
  const dead = machine("gaming-pc", { ...DEAD, canWake: true, woken: NOW - 20 });
  const held = waiting("faces", 80, {
    held: 80,
    oldest: NOW - 170,
    givesUp: NOW + 130,
    for: ["gaming-pc"],
    takers: ["mac-mini"],
    task: "facial-recognition",
  });
  const routes = [route("facial-recognition", ["gaming-pc"], { down: true, holds: true, waiting: [held] })];
  const { tone, text, title, actions, why } = say(overview([dead, machine("mac-mini")], { routes }));
  assert.equal(tone, "bad");
  assert.equal(
    text,
    "gaming-pc is down for 3 min: 80 faces held, the oldest gives up in 2:10; woken 20 s ago.",
  );
  assert.equal(title, "gaming-pc down, 80 held");
  assert.deepEqual(actions, [
    { kind: "wake", machine: "gaming-pc", label: "Wake again" },
    { kind: "take", machine: "mac-mini", task: "facial-recognition", label: "Let mac-mini do faces" },
  ]);
  assert.match(why[0], /^gaming-pc \(http:\/\/gaming-pc:3003\) does not answer since .*: connection refused\. It was last sent/);
  assert.match(why[1], /^80 faces waiting for gaming-pc, the oldest since .* mac-mini could do it/);
});

test("work that has no route of its own is not offered to another machine", () => {
  const held = waiting("other", 1, { held: 1, for: ["a"], takers: ["b"], task: null });
  const routes = [route("x", ["a"], { down: true, waiting: [held] })];
  assert.deepEqual(say(overview([machine("a", DEAD), machine("b")], { routes })).actions, []);
});

test("held work that nobody gives up is told by its age", () => {
  const held = waiting("clip", 3, { held: 3, oldest: NOW - 65, for: ["a"] });
  const routes = [route("clip", ["a"], { down: true, waiting: [held] })];
  const { text, actions } = say(overview([machine("a", DEAD)], { routes }));
  assert.equal(text, "a is down for 3 min: 3 pictures held, the oldest for 1:05.");
  assert.deepEqual(actions, []);
});

test("a dead machine whose work others do is a warning only", () => {
  const { tone, text, title, why } = say(overview([machine("a", DEAD), machine("b")]));
  assert.deepEqual([tone, title], ["warn", "a down"]);
  assert.equal(text, "a is down for 3 min: b does the work.");
  assert.match(why.at(-1), /switched on/);
});

test("a dead machine that nobody stands in for is told with what it fails", () => {
  const routes = (holds) => [route("ocr", ["a"], { down: true, holds }), route("default", ["b"])];
  const of = (holds) => say(overview([machine("a", DEAD), machine("b")], { routes: routes(holds) }));
  assert.equal(of(false).text, "a is down for 3 min: no machine is left for text in pictures.");
  assert.equal(of(true).text, "a is down for 3 min: what comes for text in pictures is held until it is back.");
  assert.deepEqual([of(false).tone, of(true).tone], ["bad", "bad"]);
});

test("several dead machines are told together, and each can be woken", () => {
  const dead = { ...DEAD, canWake: true };
  const old = machine("b", { ...dead, since: NOW - 7200, woken: NOW - 9000 });
  const { text, title, actions } = say(overview([machine("a", dead), old]));
  assert.equal(text, "a and b are down for 2 h: no machine is left.");
  assert.equal(title, "2 machines down");
  assert.deepEqual(actions.map(({ label }) => label), ["Wake: a", "Wake: b"]);
});

test("only what was put aside for a route that has nobody else is trouble", () => {
  const aside = machine("nas", { state: "disabled", by: "hand", since: NOW - 60 });
  const routes = [route("facial-recognition", ["nas"], { down: true }), route("default", ["a"])];
  const { tone, text, actions } = say(overview([machine("a"), aside], { routes }));
  assert.equal(tone, "bad");
  assert.match(text, /^No machine is left for faces: nas is disabled by you since /);
  assert.deepEqual(actions, [{ kind: "enable", machine: "nas", label: "Use nas again" }]);
});

test("searches that wait for long are told, and a line that is nearly full", () => {
  const late = waiting("search", 2, { oldest: NOW - 8 });
  const slow = say(overview([machine("a")], { routes: [route("clip", ["a"], { waiting: [late] })] }));
  assert.deepEqual([slow.tone, slow.title], ["warn", "Searches wait"]);
  assert.equal(slow.text, "2 searches waiting for a place, the oldest for 8 s.");
  const soon = { ...late, oldest: NOW - 2 };
  assert.equal(say(overview([machine("a")], { routes: [route("clip", ["a"], { waiting: [soon] })] })).tone, "good");
  const line = [route("ocr", ["a"], { maxWaiting: 100, waiting: [waiting("ocr", 95)] })];
  const full = say(overview([machine("a")], { routes: line }));
  assert.equal(full.text, "The line of text in pictures is nearly full: 95 of 100 wait; more would fail.");
});

test("a machine that fails requests now is told beside the work", () => {
  const ill = (last) =>
    machine("a", { rate: { image: 2 }, errors: { count: 3, since: NOW - 900, last, why: "answered 500" } });
  const { tone, text } = say(overview([ill(NOW - 10)]));
  assert.equal(tone, "warn");
  assert.equal(text, "Working: 2 images/s, but a failed requests: answered 500.");
  assert.equal(say(overview([ill(NOW - 600)])).tone, "good");
});

test("what nobody was asked yet is not said to be well", () => {
  const { tone, text } = say(overview([machine("a"), machine("b", { state: "unknown" })]));
  assert.deepEqual([tone, text], ["idle", "Asking b…"]);
});

test("without a machine, and with a broken file, the next step is told", () => {
  assert.match(say(overview([])).text, /^No machine yet/);
  const broken = say(overview([], { configError: "backends: expected a list" }));
  assert.equal(broken.tone, "bad");
  assert.deepEqual(broken.why, ["backends: expected a list"]);
  assert.equal(broken.actions[0].href, "config");
});

test("a file that was broken while all works is told, but not before what is down", () => {
  const configError = "backends: expected a list";
  const { tone, text, why } = say(overview([machine("a")], { configError }));
  assert.deepEqual([tone, why], ["warn", [configError]]);
  assert.match(text, /^Working as before: .* Mend it/);
});

test("a proxy that is gone offers nothing, and names no machine", () => {
  const { tone, text, title, actions } = goneVerdict("The proxy cannot be reached.", NOW - 30, NOW);
  assert.deepEqual([tone, title, actions], ["bad", "The proxy is gone", []]);
  assert.equal(text, "The proxy cannot be reached. What you see is 30 s old.");
  assert.equal(goneVerdict("It is off.", null, NOW).text, "It is off.");
});
