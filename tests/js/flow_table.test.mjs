// The tables for those who hear the page tell what the flow shows.

import assert from "node:assert/strict";
import { test } from "node:test";

import { flowOf } from "../../static/overview/flow_model.js";
import { rowsOf } from "../../static/overview/flow_table.js";
import { NOW, route, trouble } from "./overviews.mjs";

test("a route is told with what comes, what waits and where it goes", () => {
  assert.deepEqual(rowsOf(flowOf(trouble(), NOW)).routes, [
    ["All other work", "0.1", "0.1", "nothing", "mac-mini (0.1 per second), nas (0.1 per second)"],
    ["Faces", "0", "0.4", "80 held, oldest 2 min", "gaming-pc (0 per second)"],
    [
      "Searches and pictures",
      "0",
      "5.2",
      "26 waiting, oldest 1 s, empty in 5 s",
      "gaming-pc (0 per second), mac-mini (as fallback, 5.2 per second), " +
        "nas (as fallback, 0 per second)",
    ],
  ]);
});

test("a machine is told with its state, places, answers and share", () => {
  assert.deepEqual(rowsOf(flowOf(trouble(), NOW)).machines, [
    ["gaming-pc", "down for 3 min", "0 of 8", "0 images/s", "0 %"],
    ["mac-mini", "working", "2 of 2", "5.2 images/s, 0.1 searches/s", "87 %"],
    ["nas", "drained, finishing", "1 of 1", "0 images/s", "13 %"],
  ]);
});

test("a route whose machines are all gone says that it leads nowhere", () => {
  const routes = [route("ocr", ["sold"])];
  assert.equal(rowsOf(flowOf(trouble({ routes }), NOW)).routes[0].at(-1), "no machine");
});
