// The list of backends on the configuration page.

import { ask } from "../shared/ask.js";
import { BackendOptions } from "./backend_options.js";
import { byId, el } from "../shared/dom.js";
import { addBackend, removeBackend, usesOf } from "./draft.js";
import { textField } from "./form.js";
import { HealthLine } from "./health.js";
import { healthOf } from "./health_words.js";
import { TryResult } from "../shared/try.js";

/** @import { Health } from "../shared/answers.d.ts" */
/** @import { EditedBackend } from "./backends.js" */
/** @import { Draft } from "./draft.js" */
/** @import { Field, NamedField } from "./form.js" */

/**
 * @typedef {{backend: EditedBackend, health: HealthLine, name: Field, url: Field,
 *     options: BackendOptions, node: HTMLElement, call: () => void}} Row
 */

export class BackendList {
  /**
   * @param {HTMLElement} node filled with the rows
   * @param {Draft} draft
   * @param {() => void} changed is called after each change
   */
  constructor(node, draft, changed) {
    this._node = node;
    this._draft = draft;
    this._changed = changed;
    /** @type {Row[]} */
    this._rows = [];
    /** @type {Record<string, Health>} */
    this._health = {};
  }

  /**
   * Show the backends of `draft`, and edit them there.
   *
   * @param {Draft} draft
   */
  show(draft) {
    this._draft = draft;
    this._node.replaceChildren();
    const before = this._rows;
    this._rows = [];
    draft.backends.forEach((backend, index) => {
      this._append(backend).options.fold.keep(before[index]?.options.fold);
    });
  }

  /** Add an empty row. */
  add() {
    const row = this._append(addBackend(this._draft));
    this._changed();
    row.name.control.focus();
  }

  /**
   * Show what `/api/health` tells.
   *
   * @param {Record<string, Health>} health by name
   */
  showHealth(health) {
    this._health = health;
    for (const row of this._rows) this._showHealthOf(row);
  }

  /**
   * Return the fields, each with the steps of its path and with what to call it.
   *
   * @returns {NamedField[]}
   */
  fields() {
    return this._rows.flatMap(({ backend, name, url, options }, index) => {
      const of = backend.name || `machine ${index + 1}`;
      const steps = ["backends", index];
      return [
        { steps, field: name, called: `Name of ${of}` },
        { steps: [...steps, "url"], field: url, called: `URL of ${of}` },
        ...options.fields(steps, of),
      ];
    });
  }

  /** @param {EditedBackend} backend */
  _append(backend) {
    const health = new HealthLine();
    /** @type {(key: "name"|"url") => (value: string) => void} */
    const edited = (key) => (value) => {
      backend[key] = value;
      row.call();
      this._showHealthOf(row);
      this._changed();
    };
    const likeName = { "data-field": "name", maxlength: 100 };
    const likeUrl = {
      "data-field": "url",
      inputmode: "url",
      placeholder: "http://192.168.1.20:3003",
    };
    const name = textField("Name", likeName, backend.name, edited("name"));
    const url = textField("URL", likeUrl, backend.url, edited("url"));
    const options = new BackendOptions(backend, this._changed);
    const result = new TryResult((correction) => {
      const control = /** @type {HTMLInputElement} */ (url.control);
      control.value = correction;
      control.dispatchEvent(new Event("input", { bubbles: true }));
      result.run(correction);
    });
    const attempt = el(
      "button",
      { type: "button", "data-try": true, onclick: () => result.run(backend.url) },
      "Try",
    );
    const remove = el(
      "button",
      { type: "button", class: "quiet", "data-remove": true, onclick: () => this._remove(row) },
      "Remove",
    );
    const buttons = el("div", { class: "inline" }, attempt, remove);
    // Many rows have the same fields and buttons: the group tells whose they are.
    const group = el(
      "div",
      { class: "card backend", role: "group" },
      name.node,
      url.node,
      el("div", { class: "foot" }, health.node, buttons, result.node),
      options.fold.node,
    );
    const node = el("li", { "data-backend-row": true }, group);
    const call = () => {
      const called = backend.name || "the new machine";
      group.setAttribute("aria-label", called);
      attempt.setAttribute("aria-label", `Try ${called}`);
      remove.setAttribute("aria-label", `Remove ${called}`);
    };
    call();
    /** @type {Row} */
    const row = { backend, health, name, url, options, node, call };
    this._rows.push(row);
    this._node.append(node);
    this._showHealthOf(row);
    return row;
  }

  /** @param {Row} row */
  _showHealthOf({ backend, health }) {
    // The proxy knows the backend by the name and URL that were saved.
    if (!backend.saved) health.note("Checked once it is saved");
    else if (backend.url !== backend.saved.url) {
      health.note("The new URL is checked once it is saved");
    } else health.show(healthOf(this._health, backend.saved.name));
  }

  /** @param {Row} row */
  async _remove(row) {
    const { backend } = row;
    const details = lossesOf(usesOf(this._draft, backend));
    if (details.length > 0) {
      const question = `Remove the machine “${backend.name || "without a name"}”?`;
      if (!(await ask(question, details, "Remove it"))) return;
    }
    removeBackend(this._draft, backend);
    this._rows = this._rows.filter((other) => other !== row);
    row.node.remove();
    this._changed();
    (this._rows.at(-1)?.name.control ?? byId("add-backend")).focus();
  }
}

/** @param {ReturnType<typeof usesOf>} uses */
function lossesOf({ byDefault, keys, emptied }) {
  const details = [];
  if (byDefault) details.push("It is taken out of the default machines.");
  if (keys.length > 0) details.push(`It is taken out of these routes: ${listed(keys)}.`);
  if (emptied.length > 0) {
    const text = "These routes have no other machine and are removed, so that their work";
    details.push(`${text} goes to the default: ${listed(emptied)}.`);
  }
  return details;
}

/** @param {string[]} keys */
function listed(keys) {
  return keys.map((key) => key || "the one without a key").join(", ");
}
