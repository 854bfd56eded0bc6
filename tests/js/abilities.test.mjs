// What a backend can do, as a text: what is not changed stays as it was saved.

import assert from "node:assert/strict";
import { test } from "node:test";

import { abilitiesOf, abilitiesText } from "../../static/config/abilities.js";
import { backendProblems, countSet, readBackend, writeBackend } from "../../static/config/backends.js";

const VIT = "ViT-B-32__openai";
const TEXTS = [
  ["clip", { tasks: ["clip"] }],
  ["clip; ocr", { tasks: ["clip", "ocr"] }],
  [`clip: ${VIT}`, { tasks: ["clip"], models: { clip: [VIT] } }],
  [`ocr; clip: ${VIT}, a::b`, { tasks: ["ocr", "clip"], models: { clip: [VIT, "a::b"] } }],
  [`clip: ${VIT}; *`, { models: { clip: [VIT] } }],
  ["*", {}],
];

test("a text and what it means are one", () => {
  for (const [text, abilities] of TEXTS) {
    assert.equal(abilitiesText(abilities), text);
    assert.deepEqual(abilitiesOf(text), abilities);
  }
  for (const none of [undefined, null]) assert.equal(abilitiesText(none), "");
});

test("spaces and empty parts mean nothing", () => {
  const typed = ` clip :${VIT} ,  RN50__openai,;; ocr; `;
  const models = { clip: [VIT, "RN50__openai"] };
  assert.deepEqual(abilitiesOf(typed), { tasks: ["clip", "ocr"], models });
});

test("what makes no sense is left to the proxy to judge", () => {
  assert.deepEqual(abilitiesOf("clip; clip"), { tasks: ["clip", "clip"] });
  assert.deepEqual(abilitiesOf("clip:"), { tasks: ["clip"], models: { clip: [] } });
  assert.deepEqual(abilitiesOf(";"), { tasks: [] });
});

test("a task has two spellings, and keeps its own", () => {
  const abilities = { tasks: ["facial_recognition"], models: { "facial-recognition": ["a"] } };
  assert.equal(abilitiesText(abilities), "facial_recognition: a");
});

test("a backend's abilities are changed alone, and left out when emptied", () => {
  const saved = { abilities: { newer: 1, tasks: ["clip"] }, url: "http://a", name: "a" };
  const edited = (text) => {
    const backend = readBackend(saved);
    backend.texts.abilities = text;
    assert.deepEqual(backendProblems(backend), []);
    return writeBackend(backend);
  };
  assert.equal(JSON.stringify(edited("clip")), JSON.stringify(saved));
  assert.deepEqual(edited("ocr"), { ...saved, abilities: { newer: 1, tasks: ["ocr"] } });
  assert.deepEqual(edited("*"), { ...saved, abilities: { newer: 1 } });
  assert.deepEqual(edited(""), { url: "http://a", name: "a" });
  assert.equal(countSet(readBackend(saved)), 1);
});

test("one that makes no sense here is saved as it is while it is not touched", () => {
  for (const abilities of [null, {}, { tasks: "clip" }, { tasks: [7, null] }, [], "all"]) {
    const saved = { name: "a", url: "http://a", abilities };
    const written = writeBackend(readBackend(saved));
    assert.equal(JSON.stringify(written), JSON.stringify(saved));
  }
});
