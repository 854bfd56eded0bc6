// How one of a route's machines is chosen, as the page explains it.

import assert from "node:assert/strict";
import { test } from "node:test";

import { STRATEGIES, strategyHint, strategyWords } from "../../static/config/routes.js";
import { choicesFor } from "../../static/config/values.js";

test("a strategy that only a newer proxy knows stays choosable where it is saved", () => {
  assert.equal(choicesFor(STRATEGIES, "fastest"), STRATEGIES);
  const offered = choicesFor(STRATEGIES, "newest");
  assert.deepEqual(offered.slice(0, -1), STRATEGIES);
  assert.equal(offered.at(-1).value, "newest");
  assert.equal(strategyHint({ strategy: "newest" }), "");
  assert.equal(strategyWords("newest"), "newest");
});

test("every strategy is explained, and has a few words for the table", () => {
  for (const { value } of STRATEGIES) {
    assert.match(strategyHint({ strategy: value }), /\.$/);
    assert.ok(strategyWords(value).length < 16);
  }
});
