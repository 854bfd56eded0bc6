// How one of a route's backends is chosen, as the page offers and explains it.

import assert from "node:assert/strict";
import { test } from "node:test";

import { STRATEGIES, placeOf, strategiesFor, strategyHint } from "../../static/config/routes.js";

test("a strategy that only a newer proxy knows stays choosable where it is saved", () => {
  assert.equal(strategiesFor({ strategy: "fastest" }), STRATEGIES);
  const offered = strategiesFor({ strategy: "newest" });
  assert.deepEqual(offered.slice(0, -1), STRATEGIES);
  assert.equal(offered.at(-1).value, "newest");
  assert.equal(strategyHint({ strategy: "newest" }), "");
  assert.match(strategyHint({ strategy: "in_order" }), /that is up/);
});

test("backends have places where the order counts, and nowhere else", () => {
  const [a, b, c] = ["a", "b", "c"].map((name) => ({ name }));
  const backends = [b, a];
  const places = (strategy) => [a, b, c].map((one) => placeOf({ strategy, backends }, one));
  assert.deepEqual(places("in_order"), [2, 1, 0]);
  assert.deepEqual(places("round_robin"), [0, 0, 0]);
  assert.deepEqual(places("newest"), [0, 0, 0]);
});
