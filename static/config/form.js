// Form controls with their label, hint and error message, tied together for all senses.

import { el, freshId, tell } from "../shared/dom.js";

/** @import { Attribute } from "../shared/dom.js" */
/** @import { Step } from "./fields.js" */

/**
 * A field with the steps of its path and with what to call it.
 *
 * @typedef {{steps: Step[], field: Field, called: string}} NamedField
 */

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
   * Show an error, even where it was folded away.
   *
   * @param {string} text
   */
  refuse(text) {
    const fold = this.node.closest("details");
    if (fold) fold.open = true;
    tell(this._message, text);
    this.control.setAttribute("aria-invalid", "true");
    this._describe(`${this._message.id} ${this._described}`);
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
 * @param {HTMLElement} [hint] says more
 */
export function textField(label, attributes, value, edited, hint) {
  const id = freshId();
  const message = errorMessage();
  const typed = () => {
    field.clear();
    edited(input.value.trim());
  };
  const input = el("input", {
    id,
    type: "text",
    autocomplete: "off",
    autocapitalize: "none",
    spellcheck: "false",
    ...attributes,
    oninput: typed,
    onchange: typed, // which is all that some programs tell that fill in forms
  });
  input.value = value;
  const node = el("div", { class: "field" }, el("label", { for: id }, label), input, message);
  const field = new Field(node, input, message, addHint(node, hint));
  return field;
}

/** Fields that most people do not need, folded away. */
export class Fold {
  /** @param {...Node} nodes */
  constructor(...nodes) {
    this._set = el("span", { class: "muted" });
    this.node = el(
      "details",
      { class: "fold" },
      el("summary", {}, "Advanced ", this._set),
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
 * Return a group of check boxes, to be filled by `fill`.
 *
 * @param {string} label
 */
export function checkGroup(label) {
  const message = errorMessage();
  const boxes = el("div", { class: "boxes" });
  const node = el("fieldset", { tabindex: "-1" }, el("legend", {}, label), boxes, message);
  const fill = (/** @type {Node[]} */ ...children) => boxes.replaceChildren(...children);
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
 * @param {HTMLElement} [hint] says more
 */
export function choice(label, attributes, options, value, edited, hint) {
  const id = freshId();
  const message = errorMessage();
  const items = options.map((option) => el("option", { value: option.value }, option.label));
  const onchange = () => {
    field.clear();
    edited(select.value);
  };
  const select = el("select", { id, ...attributes, onchange }, ...items);
  select.value = value;
  const node = el("div", { class: "field" }, el("label", { for: id }, label), select, message);
  const field = new Field(node, select, message, addHint(node, hint));
  return field;
}

/**
 * Add a hint, if there is one, and return its id.
 *
 * @param {HTMLElement} node
 * @param {HTMLElement|undefined} hint
 */
function addHint(node, hint) {
  if (!hint) return undefined;
  hint.id = freshId();
  node.append(hint);
  return hint.id;
}

function errorMessage() {
  return el("p", { class: "error", id: freshId(), "data-error": true, hidden: true });
}
