// The settings: each is explained, with its default in words.

import assert from "node:assert/strict";
import { test } from "node:test";

import { OPTIONS, WAKE } from "../../static/config/backend_settings.js";
import { ROUTE_NUMBERS } from "../../static/config/routes.js";
import { GROUPS, SETTINGS, settingsWithin } from "../../static/config/settings.js";
import { hintOf } from "../../static/config/values.js";

const ALL = [...OPTIONS, ...WAKE, ...ROUTE_NUMBERS, ...GROUPS.flatMap(({ settings }) => settings)];

test("each setting says in a line what it is for, and what holds without it", () => {
  for (const setting of ALL) {
    assert.ok(setting.byDefault, setting.name);
    const hints = [setting.about, ...(setting.choices ?? []).map(({ hint }) => hint)];
    assert.ok(hints.some(Boolean), setting.name);
    assert.match(hintOf(setting), /Default: .+\.$/);
  }
});

test("no two settings of one owner have the same name or label", () => {
  for (const settings of [OPTIONS, WAKE, SETTINGS, settingsWithin("immich")]) {
    for (const field of ["name", "label"]) {
      assert.equal(new Set(settings.map((one) => one[field])).size, settings.length);
    }
  }
});
