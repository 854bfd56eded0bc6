// The settings: what stands in their fields, and what is saved of it.

import assert from "node:assert/strict";
import { test } from "node:test";

import * as settings from "../../static/config/settings.js";

const of = (name) => settings.SETTINGS.find((setting) => setting.name === name);
const CHECK = of("checkAnswers");

/** Return what is saved after this was chosen or typed. */
function put(document, name, text) {
  const copy = { ...document };
  settings.putSetting(copy, of(name), text);
  return copy;
}

test("a choice shows its default, which is saved only where another one was", () => {
  assert.equal(settings.settingText({}, CHECK), "full");
  assert.deepEqual(put({}, "checkAnswers", "full"), {});
  assert.deepEqual(put({}, "checkAnswers", "shape"), { checkAnswers: "shape" });
  assert.deepEqual(put({ checkAnswers: "off" }, "checkAnswers", "full"), { checkAnswers: "full" });
  assert.deepEqual(put({ checkAnswers: "full" }, "checkAnswers", "full"), { checkAnswers: "full" });
});

test("a number is empty where it is not set, and left out where it is emptied", () => {
  assert.equal(settings.settingText({}, of("pingTimeout")), "");
  assert.deepEqual(put({}, "pingTimeout", ""), {});
  assert.deepEqual(put({}, "pingTimeout", "2.5"), { pingTimeout: 2.5 });
  assert.deepEqual(put({ pingTimeout: 2.5 }, "pingTimeout", ""), {});
});

test("a choice that only a newer proxy knows stays choosable where it is saved", () => {
  assert.equal(settings.choicesFor(CHECK.choices, "off"), CHECK.choices);
  assert.equal(settings.choicesFor(CHECK.choices, "twice").at(-1).value, "twice");
});

test("what an empty field means is said", () => {
  assert.match(settings.settingHint(of("pingTimeout"), ""), /Empty means 1\.5, the default/);
});
