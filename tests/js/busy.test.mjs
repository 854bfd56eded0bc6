// A button at work says so, and does nothing twice.

import assert from "node:assert/strict";
import { test } from "node:test";

import { whileBusy } from "../../static/shared/busy.js";

/** Stands in for a button: its text and its attributes. */
class Button {
  textContent = "Save";
  attributes = new Map();

  hasAttribute(name) {
    return this.attributes.has(name);
  }

  setAttribute(name, value) {
    this.attributes.set(name, value);
  }

  removeAttribute(name) {
    this.attributes.delete(name);
  }
}

/** Return an action that lasts until it is ended. */
function lasting() {
  let end;
  const ended = new Promise((resolve) => (end = resolve));
  return { action: () => ended, end };
}

test("a busy button says what it does, until that is done", async () => {
  const button = new Button();
  const { action, end } = lasting();
  const done = whileBusy(button, "Saving…", action);
  assert.equal(button.textContent, "Saving…");
  assert.equal(button.attributes.get("aria-busy"), "true");
  assert.equal(button.attributes.get("aria-disabled"), "true");
  end();
  await done;
  assert.equal(button.textContent, "Save");
  assert.equal(button.attributes.size, 0);
});

test("a busy button ignores presses, and takes them again afterwards", async () => {
  const button = new Button();
  const { action: last, end } = lasting();
  let begun = 0;
  const action = () => ((begun += 1), last());
  const done = whileBusy(button, "Saving…", action);
  await whileBusy(button, "Saving…", action);
  assert.equal(begun, 1);
  end();
  await done;
  await whileBusy(button, "Saving…", action);
  assert.equal(begun, 2);
});

test("a failure is passed on, and the button is free again", async () => {
  const button = new Button();
  const failing = whileBusy(button, "Saving…", () => Promise.reject(new Error("broken")));
  await assert.rejects(failing, /broken/);
  assert.equal(button.textContent, "Save");
  assert.equal(button.hasAttribute("aria-busy"), false);
});
