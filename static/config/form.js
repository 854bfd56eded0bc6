// Form controls with their label, hint and error message, tied together for all senses.

import { el, freshId, tell } from "../shared/dom.js";
import { choicesFor, hintOf, problemOf, tidied } from "./values.js";

/** @import { JsonObject } from "../shared/answers.d.ts" */
/** @import { Attribute } from "../shared/dom.js" */
/** @import { Step } from "./fields.js" */
/** @import { Setting } from "./values.js" */

/**
 * A field with the steps of its path and with what to call it.
 *
 * @typedef {{steps: Step[], field: Field, called: string}} NamedField
 */

/** What hides fields listens to it, and shows them. */
export const REVEAL = "reveal";

/** A control that can be told to be wrong. */
export class Field {
  /**
   * @param {HTMLElement} node the whole
   * @param {HTMLElement} control what gets the focus
   * @param {HTMLElement} message where errors are shown
   * @param {string} described ids of what always describes the control
   */
  constructor(node, control, message, described = "") {
    this.node = node;
    this.control = control;
    this._message = message;
    this._described = described;
    this.clear();
  }

  /**
   * Show an error.
   *
   * @param {string} text
   */
  refuse(text) {
    tell(this._message, text);
    this.control.setAttribute("aria-invalid", "true");
    this._describe(`${this._message.id} ${this._described}`);
  }

  /** Show the field where it was folded away. */
  reveal() {
    for (let fold = this.node.closest("details"); fold; fold = fold.parentElement?.closest("details") ?? null) {
      fold.open = true;
    }
    this.node.dispatchEvent(new CustomEvent(REVEAL, { bubbles: true }));
  }

  /** Take the error back. */
  clear() {
    tell(this._message, "");
    this.control.removeAttribute("aria-invalid");
    this._describe(this._described);
  }

  /** @param {string} ids */
  _describe(ids) {
    if (ids.trim()) this.control.setAttribute("aria-describedby", ids.trim());
    else this.control.removeAttribute("aria-describedby");
  }
}

/**
 * Return a text field.
 *
 * @param {string} label
 * @param {Record<string, Attribute>} attributes of the input element
 * @param {string} value
 * @param {(value: string) => void} edited is told of each change, without outer spaces
 * @param {string} hint says more
 * @param {(field: Field, input: HTMLInputElement) => void} left is called when a changed
 *     text is left
 */
export function textField(label, attributes, value, edited, hint = "", left = () => {}) {
  const id = freshId();
  const message = errorMessage();
  let told = value;
  const typed = () => {
    if (input.value.trim() === told) return;
    told = input.value.trim();
    field.clear();
    edited(told);
  };
  const input = el("input", {
    id,
    type: "text",
    autocomplete: "off",
    autocapitalize: "none",
    spellcheck: "false",
    ...attributes,
    oninput: typed,
    onchange: () => {
      typed(); // a change is all that some programs tell that fill in forms
      left(field, input);
      typed();
    },
  });
  input.value = value;
  const node = el("div", { class: "field" }, el("label", { for: id }, label), input, message);
  const field = new Field(node, input, message, addHint(node, hint));
  return field;
}

/**
 * Return the field of a setting: a choice, or a text that says at once when it is none.
 *
 * @param {Setting} setting
 * @param {JsonObject|null|undefined} owner what is saved
 * @param {string} value
 * @param {(value: string) => void} edited is told of each change
 */
export function settingField(setting, owner, value, edited) {
  const { name, label, kind, choices } = setting;
  const attributes = { "data-field": name };
  if (choices) {
    const hint = (/** @type {string} */ chosen) =>
      [hintOf(setting), choices.find((one) => one.value === chosen)?.hint].filter(Boolean).join(" ");
    return choice(label, attributes, choicesFor(choices, value), value, edited, hint);
  }
  const inputmode = kind === "number" ? "decimal" : undefined;
  return textField(label, { ...attributes, inputmode }, value, edited, hintOf(setting), (field, input) => {
    const problem = problemOf(owner, setting, input.value.trim());
    if (problem) field.refuse(problem);
    else input.value = tidied(setting, input.value.trim());
  });
}

/** Fields that most people do not need, folded away. */
export class Fold {
  /** @param {...Node} nodes */
  constructor(...nodes) {
    this._set = el("span", { class: "muted" });
    this.node = el(
      "details",
      { class: "fold" },
      el("summary", {}, "More ", this._set),
      el("div", { class: "options" }, ...nodes),
    );
  }

  /**
   * Be as open as `other`, whose place this one takes; there may have been none.
   *
   * @param {Fold|undefined} other
   */
  keep(other) {
    this.node.open = other?.node.open ?? false;
  }

  /**
   * Tell how many of the fields are set.
   *
   * @param {number} count
   */
  tell(count) {
    tell(this._set, count > 0 ? `(${count} set)` : "");
  }
}

/**
 * Return several fields under one title.
 *
 * @param {string} label
 * @param {...Node} nodes
 */
export function group(label, ...nodes) {
  const fields = el("div", { class: "options" }, ...nodes);
  return el("fieldset", {}, el("legend", {}, label), fields);
}

/**
 * Return what is there of fields that only a newer proxy knows; it cannot be changed here.
 *
 * @param {JsonObject} fields
 * @returns {Node[]} none if there are none
 */
export function unknownFields(fields) {
  if (Object.keys(fields).length === 0) return [];
  const text = JSON.stringify(fields, null, 2);
  const label = "Not known to this page, and kept as it is";
  const shown = el("pre", { class: "unknown", tabindex: 0, role: "group", "aria-label": label }, text);
  return [group(label, shown)];
}

/**
 * Return a titled part that can be told to be wrong, to be filled by `fill`.
 *
 * @param {string} label
 */
export function partField(label) {
  const message = errorMessage();
  const content = el("div", {});
  const legend = el("legend", {}, label);
  const node = el("fieldset", { tabindex: "-1", class: "part" }, legend, content, message);
  const fill = (/** @type {Node[]} */ ...children) => content.replaceChildren(...children);
  return Object.assign(new Field(node, node, message), { fill });
}

/**
 * Return a labelled check box.
 *
 * @param {string} label
 * @param {Record<string, Attribute>} attributes of the input element
 * @param {boolean} checked
 * @param {(checked: boolean) => void} edited is told of each change
 */
export function checkBox(label, attributes, checked, edited) {
  const onchange = () => edited(input.checked);
  /** @type {HTMLInputElement} */
  const input = el("input", { type: "checkbox", ...attributes, onchange });
  input.checked = checked;
  return el("label", { class: "box" }, input, el("span", {}, label));
}

/**
 * Return a labelled choice among `options`.
 *
 * @param {string} label
 * @param {Record<string, Attribute>} attributes of the select element
 * @param {{value: string, label: string}[]} options
 * @param {string} value
 * @param {(value: string) => void} edited is told of each change
 * @param {(value: string) => string} hintFor says more of what is chosen
 */
export function choice(label, attributes, options, value, edited, hintFor = () => "") {
  const id = freshId();
  const message = errorMessage();
  const hint = el("p", { class: "hint", id: freshId() });
  const items = options.map((option) => el("option", { value: option.value }, option.label));
  const onchange = () => {
    field.clear();
    tell(hint, hintFor(select.value));
    edited(select.value);
  };
  const select = el("select", { id, ...attributes, onchange }, ...items);
  select.value = value;
  tell(hint, hintFor(value));
  const node = el("div", { class: "field" }, el("label", { for: id }, label), select, message, hint);
  const field = new Field(node, select, message, hint.id);
  return field;
}

/**
 * Add a hint, if there is one, and return its id.
 *
 * @param {HTMLElement} node
 * @param {string} hint
 */
function addHint(node, hint) {
  if (!hint) return undefined;
  const shown = el("p", { class: "hint", id: freshId() }, hint);
  node.append(shown);
  return shown.id;
}

function errorMessage() {
  return el("p", { class: "error", id: freshId(), "data-error": true, hidden: true });
}
