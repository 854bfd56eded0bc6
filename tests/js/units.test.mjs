// Times and sizes: what is shown can be typed, and means the same.

import assert from "node:assert/strict";
import { test } from "node:test";

import { shownIn, typedIn, wantedIn } from "../../static/config/units.js";

const MIB = 1024 ** 2;

test("a number is shown with the unit in which it is short", () => {
  const cases = [
    ["bytes", 100 * MIB, "100 MiB"],
    ["bytes", 1.5 * MIB, "1.5 MiB"],
    ["bytes", 2048, "2 KiB"],
    ["bytes", 1023, "1023 B"],
    ["bytes", 0, "0 B"],
    ["bytes", 104857601, "104857601 B"],
    ["bytes", 1024 ** 4, "1 TiB"],
    ["rate", 1024, "1 KiB/s"],
    ["seconds", 30, "30 s"],
    ["seconds", 1.5, "1.5 s"],
    ["seconds", 0, "0 s"],
    ["seconds", 60, "1 min"],
    ["seconds", 90, "1.5 min"],
    ["seconds", 3600, "1 h"],
    ["seconds", 290, "290 s"],
    ["seconds", 86400, "24 h"],
    ["milliseconds", 200, "200 ms"],
    ["milliseconds", 250.5, "250.5 ms"],
    ["milliseconds", 1500, "1.5 s"],
    ["minutes", 15, "15 min"],
    ["minutes", 120, "2 h"],
    ["minutes", 0.05, "0.05 min"],
    ["number", 64, "64"],
    ["number", 0.5, "0.5"],
  ];
  for (const [kind, number, text] of cases) assert.equal(shownIn(kind, number), text);
});

test("what is shown means the same when it is typed", () => {
  const numbers = [0, 0.1, 0.3, 1, 1.5, 7, 59, 61, 90, 100, 290, 1000, 1024, 3599, 5400, 86400];
  const large = [MIB, 64 * MIB, 123456789, 1e12 + 1, 2 ** 40, 2 ** 50];
  for (const kind of ["seconds", "milliseconds", "minutes", "bytes", "rate", "number"]) {
    for (const number of [...numbers, ...large]) {
      assert.equal(typedIn(kind, shownIn(kind, number)), number, `${kind} ${number}`);
    }
  }
});

test("units may be typed as people do", () => {
  const cases = [
    ["bytes", "100MiB", 100 * MIB],
    ["bytes", "100 mib", 100 * MIB],
    ["bytes", "1 MB", 1e6],
    ["bytes", "4k", 4096],
    ["bytes", "17", 17],
    ["rate", "10 KiB/s", 10240],
    ["rate", "10 KiB", 10240],
    ["seconds", "1 h 30 min", 5400],
    ["seconds", "1h30m", 5400],
    ["seconds", "2 minutes", 120],
    ["seconds", "200 ms", 0.2],
    ["seconds", "1 d", 86400],
    ["seconds", " 30 ", 30],
    ["milliseconds", "0.2 s", 200],
    ["minutes", "90 s", 1.5],
    ["number", "1e3", 1000],
    ["number", "-1", -1],
  ];
  for (const [kind, text, number] of cases) assert.equal(typedIn(kind, text), number, text);
});

test("what is no such thing is none", () => {
  const wrong = ["", " ", "long", "1,5 s", "5 parsecs", "s", "1 s 2", "1 MiB", "--1", "1.2.3", "1 s s", "0x10"];
  for (const text of wrong) assert.equal(typedIn("seconds", text), undefined, text);
  assert.equal(typedIn("bytes", "5 s"), undefined);
  assert.equal(typedIn("number", "5 s"), undefined);
  for (const kind of ["seconds", "bytes", "rate", "number"]) assert.match(wantedIn(kind), /^a /);
});
