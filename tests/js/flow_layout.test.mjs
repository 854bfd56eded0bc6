// Where the boxes and lines of the flow stand.

import assert from "node:assert/strict";
import { test } from "node:test";

import { dots, layOut, lineWidth } from "../../static/overview/flow_layout.js";

const SOURCES = { width: 90, stretch: true, blocks: [block("searches", 40), block("images", 40)] };
const ROUTES = { width: 200, blocks: [block("default", 50), block("ocr", 50)] };
const MACHINES = {
  width: 220,
  blocks: [block("gpu", 60), block("mac", 60), block("nas", 60)],
};
const COLUMNS = [SOURCES, ROUTES, MACHINES];

function block(id, height) {
  return { id, height };
}

/** Return the y of both ends of a line. */
function ends({ path }) {
  const numbers = path.match(/-?[\d.]+/g).map(Number);
  return [numbers[1], numbers[7]];
}

/** Return what `count` routes to `count` machines look like, all with traffic. */
function crowd(count) {
  const ids = Array.from({ length: count }, (_, index) => index);
  const columns = [
    { width: 90, stretch: true, blocks: [block("searches", 40), block("images", 40)] },
    { width: 200, blocks: ids.map((id) => block(`r${id}`, 50)) },
    { width: 220, blocks: ids.map((id) => block(`m${id}`, 60)) },
  ];
  const links = ids.flatMap((route) => [
    { from: "searches", to: `r${route}`, rate: 0 },
    { from: "images", to: `r${route}`, rate: route },
    ...ids.map((machine) => ({ from: `r${route}`, to: `m${machine}`, rate: route / count })),
  ]);
  return layOut(columns, links, 1200);
}

test("the first column begins at the left, the last ends at the right, gaps are alike", () => {
  const { boxes } = layOut(COLUMNS, [], 1210);
  assert.equal(boxes.get("searches").x, 0);
  assert.equal(boxes.get("gpu").x + boxes.get("gpu").width, 1210);
  const route = boxes.get("ocr");
  const before = route.x - 90;
  const after = boxes.get("gpu").x - (route.x + route.width);
  assert.equal(before, after);
});

test("the highest column makes the height, the others stand in its middle or fill it", () => {
  const { boxes, height } = layOut(COLUMNS, [], 1200);
  assert.equal(height, 3 * 60 + 2 * 10);
  assert.equal(boxes.get("default").y, height - (boxes.get("ocr").y + 50));
  assert.equal(boxes.get("searches").y, 0);
  assert.equal(boxes.get("images").y + boxes.get("images").height, height);
});

test("three machines and four routes stay within the height that the page has for them", () => {
  const four = { width: 200, blocks: ["a", "b", "c", "d"].map((id) => block(id, 50)) };
  assert.ok(layOut([SOURCES, four, MACHINES], [], 1200).height <= 230);
});

test("boxes never overlap, and lie within the whole", () => {
  for (const count of [1, 2, 5, 20]) {
    const { boxes, height } = crowd(count);
    const all = [...boxes.values()];
    for (const one of all) {
      assert.ok(one.y >= 0 && one.y + one.height <= height + 1e-9);
      for (const other of all) {
        const apart =
          one === other ||
          one.x + one.width <= other.x ||
          other.x + other.width <= one.x ||
          one.y + one.height <= other.y ||
          other.y + other.height <= one.y;
        assert.ok(apart);
      }
    }
  }
});

test("a line begins and ends at its boxes, however many there are", () => {
  for (const count of [1, 3, 20]) {
    const { boxes, lines } = crowd(count);
    assert.equal(lines.length, 2 * count + count * count);
    for (const line of lines) {
      const [start, end] = ends(line);
      const from = boxes.get(line.from);
      const to = boxes.get(line.to);
      assert.ok(start > from.y && start < from.y + from.height);
      assert.ok(end > to.y && end < to.y + to.height);
    }
  }
});

test("lines that leave a box do not cross at it", () => {
  const links = ["nas", "gpu", "mac"].map((to) => ({ from: "default", to, rate: 1 }));
  const { lines } = layOut(COLUMNS, links, 1200);
  const starts = Object.fromEntries(lines.map((line) => [line.to, ends(line)[0]]));
  assert.ok(starts.gpu < starts.mac && starts.mac < starts.nas);
});

test("lines beside each other at a box do not overlap while there is room", () => {
  const links = ["gpu", "mac", "nas"].map((to) => ({ from: "default", to, rate: 1 }));
  const images = { from: "images", to: "default", rate: 3 };
  const { lines } = layOut(COLUMNS, [images, ...links], 1200);
  const [, gpu, mac, nas] = lines.map((line) => [ends(line)[0], line.width]);
  assert.ok(gpu[0] + gpu[1] / 2 <= mac[0] - mac[1] / 2);
  assert.ok(mac[0] + mac[1] / 2 <= nas[0] - nas[1] / 2);
});

test("a link whose end is gone is left out", () => {
  const links = [{ from: "default", to: "sold", rate: 1 }];
  assert.deepEqual(layOut(COLUMNS, links, 1200).lines, []);
});

test("a narrow window has no gaps below nothing", () => {
  const { boxes } = layOut(COLUMNS, [], 300);
  assert.equal(boxes.get("default").x, 90);
});

test("a page without machines and routes has its sources", () => {
  const empty = { width: 10, blocks: [] };
  const { boxes, height } = layOut([SOURCES, empty, empty], [], 400);
  assert.equal(height, 90);
  assert.equal(boxes.size, 2);
});

test("the width of a line is its share of the traffic", () => {
  assert.equal(lineWidth(10, 10, 34), 34);
  assert.equal(lineWidth(5, 10, 34), 17);
});

test("a little traffic is seen, none is a hairline", () => {
  assert.equal(lineWidth(0.001, 50, 34), 2);
  assert.equal(lineWidth(0, 50, 34), 1);
  assert.equal(lineWidth(0, 0, 34), 1);
});

test("one request in ten seconds does not look like a flood", () => {
  assert.ok(lineWidth(0.1, 0.1, 34) < 4);
});

test("places are dots beside each other that fit", () => {
  assert.deepEqual(dots(3, 200), { size: 9, at: [0, 12, 24] });
  const many = dots(20, 200);
  assert.equal(many.at.length, 20);
  assert.ok(many.at[19] + many.size <= 200);
  assert.deepEqual(dots(0, 200), { size: 9, at: [] });
});

test("more places than can be seen are no dots", () => {
  assert.deepEqual(dots(64, 200), { size: 0, at: [] });
});
