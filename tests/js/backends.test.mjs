// The entry of a backend: what the user does not change stays as it was saved.

import assert from "node:assert/strict";
import { test } from "node:test";

import { OPTIONS } from "../../static/config/backend_settings.js";
import * as backends from "../../static/config/backends.js";
import { choicesFor } from "../../static/config/values.js";

const SAVED = {
  state: "drain",
  name: "gpu",
  newer: [1],
  limits: { facial_recognition: 2, face_swap: 3 },
  wakeOnLan: { port: 7, mac: "00:11:22:aa:bb:cc" },
  url: "http://gpu:3003",
  weight: 2.5,
  maxConcurrent: 4,
};

/** Return what is saved after `edit` was done to the backend of `saved`. */
function edited(saved, edit) {
  const backend = backends.readBackend(saved);
  edit(backend);
  return backends.writeBackend(backend);
}

function limit(backend, task, text) {
  backend.limits.find((one) => one.task === task).text = text;
}

const PLAIN = { name: "a", url: "http://a" };

test("an untouched entry is saved as it is, byte for byte", () => {
  const odd = [
    { ...PLAIN, limits: {}, wakeOnLan: null, weight: 1, state: "enabled" },
    { ...PLAIN, limits: { ocr: "many" }, weight: [2], maxConcurrent: "auto", state: "asleep" },
    { ...PLAIN, wakeOnLan: { newer: true }, maxConcurrent: { ocr: 1 } },
  ];
  for (const saved of [SAVED, PLAIN, ...odd]) {
    const backend = backends.readBackend(saved);
    assert.equal(JSON.stringify(backends.writeBackend(backend)), JSON.stringify(saved));
    assert.deepEqual(backends.backendProblems(backend), []);
  }
});

test("a new backend has what was entered, and nothing else", () => {
  const enter = (backend) => Object.assign(backend, PLAIN);
  assert.deepEqual(edited(undefined, enter), PLAIN);
  const all = edited(undefined, (backend) => {
    Object.assign(backend, PLAIN);
    Object.assign(backend.texts, { state: "disabled", weight: "0.5", maxConcurrent: "8" });
    limit(backend, "ocr", "1");
    Object.assign(backend.wake, { mac: "00:11:22:aa:bb:cc", broadcast: "10.0.0.255", port: "7" });
  });
  assert.deepEqual(all, {
    ...PLAIN,
    state: "disabled",
    weight: 0.5,
    maxConcurrent: 8,
    limits: { ocr: 1 },
    wakeOnLan: { mac: "00:11:22:aa:bb:cc", broadcast: "10.0.0.255", port: 7 },
  });
});

test("each field is changed alone", () => {
  const same = (edit, expected) => assert.deepEqual(edited(SAVED, edit), { ...SAVED, ...expected });
  same((backend) => (backend.texts.state = "enabled"), { state: "enabled" });
  same((backend) => (backend.texts.weight = "3"), { weight: 3 });
  same((backend) => (backend.texts.maxConcurrent = "Auto"), { maxConcurrent: "auto" });
  const limits = { ...SAVED.limits, facial_recognition: 5 };
  same((backend) => limit(backend, "facial_recognition", "5"), { limits });
  const wakeOnLan = { ...SAVED.wakeOnLan, mac: "none" };
  same((backend) => (backend.wake.mac = "none"), { wakeOnLan });
  assert.deepEqual(SAVED.limits, { facial_recognition: 2, face_swap: 3 });
});

test("an emptied field is left out, and so is what it leaves empty", () => {
  const { limits, wakeOnLan, weight, maxConcurrent, ...rest } = SAVED;
  const emptied = edited(SAVED, (backend) => {
    Object.assign(backend.texts, { weight: "", maxConcurrent: "" });
    for (const { task } of backend.limits) limit(backend, task, "");
    Object.assign(backend.wake, { mac: "", port: "" });
  });
  assert.deepEqual(emptied, rest);
  const one = edited(SAVED, (backend) => {
    limit(backend, "face_swap", "");
    backend.wake.port = "";
  });
  assert.deepEqual(one.limits, { facial_recognition: limits.facial_recognition });
  assert.deepEqual(one.wakeOnLan, { mac: wakeOnLan.mac });
  assert.deepEqual([one.weight, one.maxConcurrent], [weight, maxConcurrent]);
});

test("limits are offered for every task once, in the spelling in which it is saved", () => {
  const tasks = (saved) => backends.readBackend(saved).limits.map(({ task }) => task);
  assert.deepEqual(tasks(undefined), ["clip", "facial-recognition", "ocr"]);
  assert.deepEqual(tasks(SAVED), ["clip", "facial_recognition", "ocr", "face_swap"]);
});

test("what is no number is told where it is", () => {
  const backend = backends.readBackend(SAVED);
  Object.assign(backend, { name: "", url: "" });
  Object.assign(backend.texts, { weight: "heavy", maxConcurrent: "all" });
  limit(backend, "ocr", "one");
  backend.wake.port = "discard";
  assert.deepEqual(
    backends.backendProblems(backend).map(({ steps }) => steps.join(".")),
    ["name", "url", "maxConcurrent", "weight", "limits.ocr", "wakeOnLan.port"],
  );
});

test("the fields that are set are counted", () => {
  assert.equal(backends.countSet(backends.readBackend(PLAIN)), 0);
  assert.equal(backends.countSet(backends.readBackend(SAVED)), 6);
});

test("a state that only a newer proxy knows stays choosable where it is saved", () => {
  const [{ choices }] = OPTIONS;
  assert.equal(choicesFor(choices, "drain"), choices);
  assert.equal(choicesFor(choices, "asleep").at(-1).value, "asleep");
});

test("what only a newer proxy knows is told apart, and kept", () => {
  assert.deepEqual(backends.unknownOf(SAVED), { newer: [1] });
  assert.deepEqual(backends.unknownOf(undefined), {});
});
