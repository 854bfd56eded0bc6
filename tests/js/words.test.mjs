// Numbers, times, health and settings in words.

import assert from "node:assert/strict";
import { test } from "node:test";

import { SETTINGS, settingHint } from "../../static/config/settings.js";
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
  assert.deepEqual(words.healthWords(down), {
    state: "unhealthy",
    text: "Unhealthy: connection refused",
    checked: new Date("2024-12-27T05:40:10Z"),
  });
  assert.equal(words.healthWords({ ...down, error: "" }).text, "Unhealthy");
  assert.equal(words.healthWords({ ...down, status: "healthy" }).text, "Healthy");
  const never = { status: "unknown", lastCheck: 0, error: "" };
  assert.deepEqual(words.healthWords(never), {
    state: "unknown",
    text: "Not checked yet",
    checked: null,
  });
  const disabled = words.healthWords({ ...never, lastCheck: 9, error: "disabled" });
  assert.equal(disabled.text, "Not checked: disabled");
  assert.equal(disabled.checked, null);
  assert.equal(words.healthWords(undefined).state, "unknown");
});

test("what a backend cannot do is told as a sentence of its own", () => {
  const well = { status: "healthy", lastCheck: 1, error: "" };
  assert.equal(words.noteWords({ ...well, note: "cannot: ocr" }), "Cannot: ocr");
  assert.equal(words.noteWords(well), "");
  assert.equal(words.noteWords(undefined), "");
});

test("health is summed up, whatever the backends are called", () => {
  const up = { status: "healthy", lastCheck: 1, error: "" };
  const health = { a: up, b: { ...up, status: "unhealthy" } };
  assert.equal(words.healthSummary([], health), "No backend is configured yet.");
  assert.equal(words.healthSummary(["a"], health), "The backend is healthy");
  assert.equal(words.healthSummary(["a", "a"], health), "All 2 backends are healthy");
  assert.equal(words.healthSummary(["a", "b"], health), "1 of 2 backends healthy");
  assert.equal(words.healthSummary(["constructor"], health), "0 of 1 backend healthy");
  assert.equal(words.healthOf(health, "constructor"), undefined);
});

test("a setting's hint tells the default, and large numbers in words", () => {
  const named = new Map(SETTINGS.map((setting) => [setting.name, setting]));
  const hint = (name, text) => settingHint(named.get(name), text);
  assert.equal(hint("maxBodySize", ""), "Empty means 104857600 (100 MiB), the default.");
  assert.equal(hint("maxBodySize", "2048"), "2 KiB");
  assert.equal(hint("maxBodySize", "2 GB"), "");
  assert.equal(hint("maxBodySize", "-1"), "");
  assert.equal(hint("healthCheckInterval", "5"), "");
  assert.match(hint("requestTimeout", "60"), /^Immich itself gives up/);
});
