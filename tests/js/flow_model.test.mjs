// What the flow shows of the overview.

import assert from "node:assert/strict";
import { test } from "node:test";

import { flowOf } from "../../static/overview/flow_model.js";
import { inTwo, routeTitle } from "../../static/overview/flow_words.js";
import { machine, NOW, route, trouble, waiting } from "./overviews.mjs";

/** Return the links as "from > to". */
function ends({ links }) {
  return links.map(({ from, to }) => `${from} > ${to}`);
}

/** Return the ends of the links from Immich to these routes. */
function arrivals(...routes) {
  return ends(flowOf(trouble({ routes }), NOW)).filter((text) => /^(search|image) /.test(text));
}

test("searches and images come with what comes of them on all routes", () => {
  const { sources } = flowOf(trouble(), NOW);
  assert.deepEqual(
    sources.map(({ title, words }) => [title, words]),
    [
      ["Searches", "0.1/s"],
      ["Images", "5.7/s"],
    ],
  );
});

test("a route tells what waits, how long, and when that will be done", () => {
  const [idle, held, busy] = flowOf(trouble(), NOW).routes;
  assert.deepEqual([idle.title, idle.tone, idle.words], ["All other work", "good", []]);
  assert.deepEqual([held.title, held.tone], ["Faces", "bad"]);
  assert.deepEqual(held.words, ["80 held", "oldest 2 min"]);
  assert.deepEqual(busy.words, ["26 waiting", "oldest 1 s", "empty in 5 s"]);
});

test("what is held and what merely waits are told apart", () => {
  const both = [waiting("faces", 6, 4, 20), waiting("ocr", 4, 0, 30)];
  const routes = [route("default", ["mac-mini"], { waiting: both })];
  const [box] = flowOf(trouble({ routes }), NOW).routes;
  assert.deepEqual(box.words, ["10 waiting", "4 held", "oldest 30 s"]);
  assert.equal(box.tone, "warn");
  assert.ok(Math.abs(box.held - box.full * 0.4) < 1e-9);
});

test("a route without a machine that is up says so before anything waits", () => {
  const routes = [route("ocr", ["gaming-pc"], { down: true })];
  const [box] = flowOf(trouble({ routes }), NOW).routes;
  assert.deepEqual([box.words, box.tone], [["no machine is up"], "bad"]);
});

test("a bar is empty with nothing, seen with one, full with what may wait at most", () => {
  const full = (count, maxWaiting) => {
    const lines = count > 0 ? [waiting("clip", count, 0, 1)] : [];
    const routes = [route("clip", ["gaming-pc"], { waiting: lines, maxWaiting })];
    return flowOf(trouble({ routes }), NOW).routes[0].full;
  };
  assert.equal(full(0, 1000), 0);
  assert.ok(full(1, 1000) > 0.09);
  assert.ok(full(10, 1000) < full(100, 1000));
  assert.equal(full(1000, 1000), 1);
  assert.equal(full(1200, 1000), 1);
  assert.equal(full(1, 0), 1);
});

test("a machine tells its state in words, its places, its rate and its share", () => {
  const [down, works, aside] = flowOf(trouble(), NOW).machines;
  assert.deepEqual([down.tone, down.state], ["bad", "down for 3 min"]);
  assert.deepEqual([works.tone, works.state], ["good", "working"]);
  assert.deepEqual([works.busy, works.limit], [2, 2]);
  assert.deepEqual([works.rate, works.share], ["5.2 images/s, 0.1 searches/s", "87 %"]);
  assert.deepEqual([aside.tone, aside.state], ["idle", "drained, finishing"]);
});

test("a machine that is put aside is never green, nor one that was never asked", () => {
  const machines = [
    machine("a", { state: "drained" }),
    machine("b", { state: "disabled" }),
    machine("c", { state: "unknown" }),
    machine("d", { beats: "uue" }),
    machine("e"),
  ];
  const told = flowOf(trouble({ machines, routes: [] }), NOW).machines;
  assert.deepEqual(
    told.map(({ tone, state }) => [tone, state]),
    [
      ["idle", "drained"],
      ["idle", "disabled"],
      ["idle", "not asked yet"],
      ["warn", "up, with errors"],
      ["good", "idle"],
    ],
  );
});

test("lines lead to a route's machines and, marked as such, to those it falls back to", () => {
  const flow = flowOf(trouble(), NOW);
  const clip = flow.links.filter(({ from }) => from === "route clip");
  assert.deepEqual(
    clip.map(({ to, rate, tone, fallback }) => [to, rate, tone, fallback]),
    [
      ["machine gaming-pc", 0, "bad", false],
      ["machine mac-mini", 5.2, "good", true],
      ["machine nas", 0, "idle", true],
    ],
  );
});

test("traffic to a machine that has just left a route is still seen", () => {
  const routes = [route("ocr", ["nas"], { to: { "mac-mini": { image: 1 } } })];
  const links = ends(flowOf(trouble({ routes }), NOW));
  assert.ok(links.includes("route ocr > machine mac-mini"));
});

test("machines and routes may bear any name", () => {
  const machines = [machine("constructor")];
  const routes = [route("toString", ["constructor"])];
  const { links, routes: boxes } = flowOf(trouble({ machines, routes }), NOW);
  assert.equal(links.at(-1).rate, 0);
  assert.equal(boxes[0].title, "toString");
});

test("a lone route takes everything", () => {
  assert.deepEqual(arrivals(route("default", [])), [
    "search > route default",
    "image > route default",
  ]);
});

test("searches go where their route is, images where any may be", () => {
  assert.deepEqual(arrivals(route("default", []), route("clip", []), route("ocr", [])), [
    "search > route clip",
    "image > route default",
    "image > route clip",
    "image > route ocr",
  ]);
  assert.deepEqual(arrivals(route("default", []), route("textual", []), route("clip", [])), [
    "search > route textual",
    "image > route default",
    "image > route clip",
  ]);
  assert.deepEqual(arrivals(route("default", []), route("clip/visual", [])), [
    "search > route default",
    "image > route default",
    "image > route clip/visual",
  ]);
});

test("what has come is shown, whatever was thought of the keys", () => {
  const odd = route("ocr", [], { arrived: { search: 0.2 } });
  assert.ok(arrivals(odd).includes("search > route ocr"));
});

test("a key is told as the work that takes the route", () => {
  assert.equal(routeTitle("default", true), "All work");
  assert.equal(routeTitle("facial-recognition", false), "Faces");
  assert.equal(routeTitle("clip/textual", false), "Searches");
  assert.equal(routeTitle("constructor", false), "constructor");
});

test("a long title is told in two lines, where it has words", () => {
  assert.deepEqual(inTwo("Faces"), ["Faces", ""]);
  assert.deepEqual(inTwo("All other work"), ["All other", "work"]);
  assert.deepEqual(inTwo("Searches and pictures"), ["Searches,", "pictures"]);
  assert.deepEqual(inTwo("Text in pictures"), ["Text in", "pictures"]);
  assert.deepEqual(inTwo("x".repeat(40)), ["x".repeat(40), ""]);
});
