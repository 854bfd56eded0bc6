// What the table says of a machine, and what a new one is called.

import assert from "node:assert/strict";
import { test } from "node:test";

import { stateOf } from "../../static/overview/actions.js";
import { nameFor } from "../../static/overview/first_name.js";
import * as words from "../../static/overview/machine_words.js";
import { NOW, machine } from "./calm.mjs";

test("what was put aside is never green", () => {
  const tones = ["up", "down", "unknown", "drained", "disabled"].map(
    (state) => words.stateWords(machine("a", { state }), NOW).tone,
  );
  assert.deepEqual(tones, ["good", "bad", "idle", "idle", "idle"]);
});

test("a state is told with how long it has lasted, and by whom", () => {
  const drained = machine("a", { state: "drained", by: "hand", since: NOW - 120 });
  assert.deepEqual(words.stateWords(drained, NOW), {
    tone: "idle",
    text: "Drained",
    since: "by you for 2 min",
  });
  assert.equal(words.stateWords(machine("a", { since: 0 }), NOW).since, "");
  const ailing = words.stateWords(machine("a", { beats: `${"u".repeat(59)}e` }), NOW);
  assert.deepEqual([ailing.tone, ailing.text], ["warn", "Up, with errors"]);
});

test("what ends by itself is told with its end, and is never red", () => {
  const until = NOW + 3600;
  const clock = new Date(until * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  const off = machine("a", { state: "disabled", by: "window", since: NOW - 60, until });
  const told = (more) => words.stateWords(machine("a", more), NOW);
  assert.deepEqual(told(off), { tone: "idle", text: "Off", since: `until ${clock} by its window` });
  const gaming = { state: "disabled", by: "hand", since: NOW - 60, until };
  assert.deepEqual(told(gaming), { tone: "idle", text: "Disabled", since: `by you until ${clock}` });
  const byFile = { ...gaming, by: "file" };
  assert.equal(told(byFile).since, `until ${clock}`);
  const resting = { state: "up", resting: true, since: 0 };
  assert.deepEqual(told(resting), { tone: "idle", text: "Resting", since: "until there is work" });
  const asleep = { state: "down", resting: true, since: NOW - 120 };
  assert.deepEqual(told(asleep), { tone: "idle", text: "Asleep or off", since: "for 2 min" });
});

test("a window is no state that somebody has set", () => {
  assert.equal(stateOf(machine("a", { state: "disabled", by: "window" })), "enabled");
  assert.equal(stateOf(machine("a", { state: "disabled", by: "hand" })), "disabled");
  assert.equal(stateOf(machine("a", { state: "drained", by: "hand" })), "drain");
});

test("numbers are short, and what they are made of is their hint", () => {
  const busy = machine("a", { inFlight: 2, limit: 8, perMinute: { clip: 1200, faces: 3 } });
  assert.equal(words.placesWords(busy).count, "2 of 8");
  assert.match(words.placesWords({ ...busy, limitFound: false }).hint, /was set/);
  assert.deepEqual(words.doneWords(busy), { count: "1,203", hint: "1,200 pictures, 3 faces" });
  assert.equal(words.timeWords({ p50: 41, p95: 1500 }), "41 ms / 1.5 s");
  assert.equal(words.timeWords(null), "");
});

test("errors are told with the last reason, or not at all", () => {
  assert.deepEqual(words.errorWords(machine("a"), NOW), { count: "", hint: "" });
  const errors = { count: 3, since: NOW, last: NOW, why: "timed out" };
  const { count, hint } = words.errorWords(machine("a", { errors }), NOW);
  assert.equal(count, "3");
  assert.match(hint, /^since .*, the last one: timed out$/);
});

test("the last hour is told in words", () => {
  assert.equal(words.beatWords("u".repeat(60)), "Last hour: up");
  assert.equal(words.beatWords(" ".repeat(60)), "Last hour: nothing is known");
  assert.equal(
    words.beatWords(`${"u".repeat(55)}dddea`),
    "Last hour: down in 3 minutes, up, but failed requests in 1 minute, put aside in 1 minute",
  );
});

test("the reason comes first, then what it cannot do", () => {
  const told = machine("a", { why: "timed out", cannot: ["ocr"], notes: ["squashes", "cannot: ocr"] });
  assert.deepEqual(words.noteLines(told), ["timed out", "Cannot do: ocr", "squashes"]);
});

test("a machine of which only the address is known is called by it", () => {
  assert.equal(nameFor("http://gaming-pc.local:3003"), "gaming-pc");
  assert.equal(nameFor("http://192.168.1.20:3003/ml"), "192.168.1.20");
  assert.equal(nameFor("http://localhost:3003"), "this-machine");
  assert.equal(nameFor("http://127.0.0.1:3003"), "this-machine");
  assert.equal(nameFor("http://[fd00::1]:3003"), "[fd00::1]");
  assert.equal(nameFor("?"), "my-machine");
});
