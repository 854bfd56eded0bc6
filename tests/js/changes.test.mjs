// What differs between configurations: told field by field, in words, and done to a third.

import assert from "node:assert/strict";
import { test } from "node:test";

import { changeLine } from "../../static/config/change_words.js";
import { changesBetween, conflictsOf, withChanges } from "../../static/config/changes.js";

const BASE = {
  defaultBackend: "nas",
  backends: [
    { name: "nas", url: "http://nas:3003" },
    { name: "gpu", url: "http://gpu:3003", limits: { ocr: 1 }, headers: { Authorization: "***" } },
  ],
  taskRouting: { clip: ["gpu", "nas"], ocr: { backends: ["nas"], holdSeconds: 20 } },
  immich: { url: "http://immich:2283", apiKey: "***" },
};

/** Return the base after `edit`. */
function edited(edit) {
  const copy = structuredClone(BASE);
  edit(copy);
  return copy;
}

const lines = (after) => changesBetween(BASE, after).map(changeLine);

test("nothing differs where only the form does", () => {
  const other = edited((it) => {
    it.defaultBackend = ["nas"];
    it.taskRouting.clip = { backends: ["gpu", "nas"], strategy: "round_robin", fallback: false };
    it.taskRouting = { ocr: it.taskRouting.ocr, clip: it.taskRouting.clip };
  });
  assert.deepEqual(changesBetween(BASE, other), []);
});

test("each change is a line of words, with the default where nothing was", () => {
  const cases = [
    [(it) => (it.backends[0].weight = 2), "nas: weight 1 → 2"],
    [(it) => (it.backends[0].state = "drain"), "nas: state enabled → drain"],
    [(it) => (it.backends[0].url = "http://n"), "nas: address http://nas:3003 → http://n"],
    [(it) => (it.backends[0].maxConcurrent = 4), "nas: requests at once auto → 4"],
    [(it) => (it.backends[1].limits.ocr = 2), "gpu: requests at once for text in pictures 1 → 2"],
    [(it) => delete it.backends[1].limits, "gpu: requests at once for text in pictures 1 → no limit"],
    [(it) => (it.backends[0].wakeOnLan = { mac: "00" }), "nas: MAC address none → 00"],
    [(it) => (it.backends[1].headers.Authorization = "new"), "gpu: header Authorization hidden → another one"],
    [(it) => (it.backends[0].abilities = { tasks: ["ocr"] }), "nas: can do what is found out → ocr"],
    [(it) => it.backends.reverse(), "Order of the machines: nas, gpu → gpu, nas"],
    [(it) => (it.defaultBackend = ["nas", "gpu"]), "All other work: nas → nas, gpu"],
    [(it) => (it.taskRouting.clip = "gpu"), "Searches and pictures: gpu, nas → gpu"],
    [(it) => (it.taskRouting.ocr.strategy = "in_order"), "Text in pictures: chosen in turn → in order"],
    [(it) => (it.taskRouting.ocr.holdSeconds = 60), "Text in pictures: hold work for 20 s → 1 min"],
    [(it) => delete it.taskRouting.clip, "Searches and pictures: gpu, nas → no machines of its own"],
    [(it) => (it.taskRouting.cilp = "nas"), "cilp: no machines of its own → nas"],
    [(it) => (it.healthCheckInterval = 5), "Time between health checks: 10 s → 5 s"],
    [(it) => (it.maxBodySize = 2 ** 30), "Largest request: 100 MiB → 1 GiB"],
    [(it) => (it.checkAnswers = "off"), "Check answers: in full → not at all"],
    [(it) => (it.immich.apiKey = "new"), "Immich’s API key: hidden → another one"],
    [(it) => delete it.immich, "Immich’s address: http://immich:2283 → none"],
    [(it) => (it.newer = { a: 1 }), 'newer: not set → {"a":1}'],
    [(it) => (it.backends[0].newer = 1), "nas: newer: not set → 1"],
  ];
  for (const [edit, line] of cases) assert.equal(lines(edited(edit))[0], line);
});

test("machines that come, go and are renamed are told as such", () => {
  const added = edited((it) => it.backends.push({ name: "mac", url: "http://mac" }));
  assert.deepEqual(lines(added), ["mac: no such machine → http://mac"]);
  const removed = edited((it) => it.backends.pop());
  assert.deepEqual(lines(removed), ["gpu: http://gpu:3003 → no such machine"]);
  const renamed = JSON.parse(JSON.stringify(BASE).replaceAll('"nas"', '"tower"'));
  assert.deepEqual(lines(renamed), ["nas: name nas → tower"]);
});

test("what is long or hostile is told as the text it is, and shortened", () => {
  const long = edited((it) => (it.backends[0].caFile = "<b>".repeat(100)));
  assert.ok(lines(long)[0].length < 200);
  assert.match(lines(long)[0], /<b><b>.*…$/);
});

const EDITS = [
  (it) => (it.backends[0].weight = 2),
  (it) => (it.backends[1].limits = { clip: 3 }),
  (it) => it.backends.reverse(),
  (it) => it.backends.push({ name: "mac", url: "http://mac" }),
  (it) => (it.taskRouting.clip = { backends: ["nas"], strategy: "fastest" }),
  (it) => delete it.taskRouting.ocr,
  (it) => (it.taskRouting["__proto__x"] = "nas"),
  (it) => (it.defaultBackend = ["gpu", "nas"]),
  (it) => (it.pingTimeout = 2),
  (it) => delete it.immich,
  (it) => (it.immich.url = "http://other"),
];

test("changes that are made again lead to the same configuration", () => {
  for (const edit of EDITS) {
    const after = edited(edit);
    const again = withChanges(BASE, changesBetween(BASE, after));
    assert.deepEqual(changesBetween(after, again), [], JSON.stringify(after));
  }
});

test("changes of different fields are joined, both ways", () => {
  for (const one of EDITS) {
    for (const other of EDITS) {
      if (one === other) continue;
      const [mine, theirs] = [changesBetween(BASE, edited(one)), changesBetween(BASE, edited(other))];
      const { conflicts, free } = conflictsOf(mine, theirs);
      if (conflicts.length > 0) continue;
      const joined = withChanges(edited(other), free);
      const known = changesBetween(BASE, joined).map(({ path }) => JSON.stringify(path));
      for (const { path } of [...mine, ...theirs]) assert.ok(known.includes(JSON.stringify(path)));
    }
  }
});

test("the same field changed to two values is a conflict, to one value is none", () => {
  const change = (weight) => changesBetween(BASE, edited((it) => (it.backends[0].weight = weight)));
  const { conflicts } = conflictsOf(change(2), change(3));
  assert.equal(conflicts.length, 1);
  assert.equal(conflicts[0].mine[0].after, 2);
  assert.equal(conflicts[0].theirs[0].after, 3);
  assert.deepEqual(conflictsOf(change(2), change(2)), { conflicts: [], free: change(2) });
});

test("a machine that one removed and the other changed is a conflict", () => {
  const removed = changesBetween(BASE, edited((it) => it.backends.pop()));
  const changed = changesBetween(BASE, edited((it) => (it.backends[1].weight = 3)));
  assert.equal(conflictsOf(removed, changed).conflicts.length, 1);
  assert.equal(conflictsOf(changed, removed).conflicts.length, 1);
});

test("a renamed machine is renamed in what somebody else has added", () => {
  const renamed = JSON.parse(JSON.stringify(BASE).replaceAll('"nas"', '"tower"'));
  const theirs = edited((it) => (it.taskRouting["clip/textual"] = "nas"));
  const joined = withChanges(theirs, changesBetween(BASE, renamed));
  assert.equal(joined.taskRouting["clip/textual"], "tower");
  assert.deepEqual(joined.backends.map(({ name }) => name), ["tower", "gpu"]);
});
