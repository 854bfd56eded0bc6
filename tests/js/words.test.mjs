// Numbers, times, health and settings in words.

import assert from "node:assert/strict";
import { test } from "node:test";

import * as health from "../../static/config/health_words.js";
import { SETTINGS } from "../../static/config/settings.js";
import { hintOf } from "../../static/config/values.js";
import * as words from "../../static/shared/words.js";

test("sizes and durations are short to read", () => {
  const sizes = { 0: "0 B", 1023: "1023 B", 1536: "1.5 KiB", 104857600: "100 MiB" };
  for (const [size, text] of Object.entries(sizes)) assert.equal(words.bytes(Number(size)), text);
  assert.equal(words.bytes(2 ** 60), "1048576 TiB");
  assert.equal(words.duration(0.25), "0.3 ms");
  assert.equal(words.duration(41.7), "42 ms");
  assert.equal(words.duration(1500), "1.5 s");
  assert.equal(words.plural(1, "record"), "1 record");
  assert.equal(words.plural(0, "record"), "0 records");
});

test("a time of another day comes with its date", () => {
  const now = new Date(2026, 0, 31, 12);
  const today = new Date(2026, 0, 31, 8);
  const yesterday = new Date(2026, 0, 30, 8);
  assert.equal(words.timeOfDay(today, now), today.toLocaleTimeString());
  const dated = `${yesterday.toLocaleDateString()} ${yesterday.toLocaleTimeString()}`;
  assert.equal(words.timeOfDay(yesterday, now), dated);
});

test("health is told in words, with the reason and the time", () => {
  const down = { status: "unhealthy", lastCheck: 1735278010, error: "connection refused" };
  assert.deepEqual(health.healthWords(down), {
    state: "unhealthy",
    text: "Down: connection refused",
    checked: new Date("2024-12-27T05:40:10Z"),
  });
  assert.equal(health.healthWords({ ...down, error: "" }).text, "Down");
  assert.equal(health.healthWords({ ...down, status: "healthy" }).text, "Up");
  const never = { status: "unknown", lastCheck: 0, error: "" };
  assert.deepEqual(health.healthWords(never), {
    state: "unknown",
    text: "Not checked yet",
    checked: null,
  });
  const disabled = health.healthWords({ ...never, lastCheck: 9, error: "disabled" });
  assert.equal(disabled.text, "Not checked: disabled");
  assert.equal(disabled.checked, null);
  assert.equal(health.healthWords(undefined).state, "unknown");
});

test("a machine may be called anything", () => {
  assert.equal(health.healthOf({ a: 1 }, "a"), 1);
  assert.equal(health.healthOf({}, "constructor"), undefined);
});

test("a setting's hint tells what it is for, and the default in words", () => {
  const named = new Map(SETTINGS.map((setting) => [setting.name, setting]));
  const hint = (name) => hintOf(named.get(name));
  assert.equal(hint("maxBodySize"), "Anything larger is refused. Default: 100 MiB.");
  assert.match(hint("requestTimeout"), /Immich gives up after 300 s\. Default: 290 s\.$/);
});

test("each kind of work has one name, and its number one form", () => {
  const counts = (kind) => [1, 80, 1200].map((count) => words.countOf(count, kind));
  assert.deepEqual(counts("search"), ["1 search", "80 searches", "1,200 searches"]);
  assert.deepEqual(counts("clip"), ["1 picture", "80 pictures", "1,200 pictures"]);
  assert.deepEqual(counts("faces"), ["1 face", "80 faces", "1,200 faces"]);
  assert.deepEqual(counts("ocr").slice(0, 2), ["text in 1 picture", "text in 80 pictures"]);
  assert.deepEqual(counts("other").slice(0, 2), ["1 other request", "80 other requests"]);
  assert.equal(words.kindWord("ocr"), "text in pictures");
  assert.equal(words.sentence("text in pictures"), "Text in pictures");
  assert.equal(words.sentence(""), "");
});

test("how long something is, is told as exactly as matters", () => {
  const told = { 0: "0 s", 59.9: "59 s", 60: "1 min", 3599: "59 min", 3600: "1 h", 7800: "2 h 10 min" };
  for (const [age, text] of Object.entries(told)) assert.equal(words.ageWords(Number(age)), text);
  assert.equal(words.ageWords(48 * 3600), "2 days");
  assert.equal(words.ageWords(-1), "0 s");
  assert.equal(words.countdown(130), "2:10");
  assert.equal(words.countdown(9.6), "0:10");
  assert.equal(words.countdown(-3), "0:00");
});

test("a time of day has no seconds, and the day when it is another one", () => {
  const at = (...date) => new Date(...date).getTime() / 1000;
  const now = at(2026, 0, 31, 12);
  assert.match(words.clockTime(at(2026, 0, 31, 8, 5), now), /^0?8:05/);
  assert.match(words.clockTime(at(2026, 0, 30, 8, 5), now), /30.*8:05/);
});

test("rates have as many digits as count", () => {
  const told = { 0: "0", 0.05: "0.05", 0.333: "0.33", 1: "1", 9.44: "9.4", 12.6: "13" };
  for (const [rate, text] of Object.entries(told)) assert.equal(words.rateWords(Number(rate)), text);
});

test("names are listed as in a sentence", () => {
  assert.equal(words.list([]), "");
  assert.equal(words.list(["a"]), "a");
  assert.equal(words.list(["a", "b", "c"]), "a, b and c");
});

test("a route is called by what it is for", () => {
  assert.equal(words.routeWord("facial-recognition"), "faces");
  assert.equal(words.routeWord("default"), "all other work");
  assert.equal(words.routeWord("constructor"), "constructor");
});
