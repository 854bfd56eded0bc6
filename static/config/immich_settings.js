// Immich's own address and key on the configuration page.

import { el } from "../shared/dom.js";
import { textField } from "./form.js";

/** @import { Draft } from "./draft.js" */
/** @import { NamedField } from "./form.js" */

/** @type {{name: "url"|"apiKey", label: string, placeholder: string, hint: string}[]} */
const FIELDS = [
  {
    name: "url",
    label: "Immich’s address",
    placeholder: "http://192.168.1.5:2283",
    hint: "As you open it in your browser. Empty: Immich is not asked.",
  },
  {
    name: "apiKey",
    label: "Immich’s API key",
    placeholder: "",
    hint: "Of an administrator, made under Account Settings → API Keys with the permission queue.read. It is not shown again.",
  },
];

export class ImmichSettings {
  /**
   * @param {HTMLElement} node filled with the fields
   * @param {() => void} changed is called after each change
   */
  constructor(node, changed) {
    this._node = node;
    this._changed = changed;
    /** @type {NamedField[]} */
    this._fields = [];
  }

  /**
   * Show what `draft` says of Immich, and edit it there.
   *
   * @param {Draft} draft
   */
  show(draft) {
    this._fields = FIELDS.map(({ name, label, placeholder, hint }) => {
      const about = el("p", { class: "hint" }, hint);
      const attributes = { "data-field": `immich-${name}`, placeholder };
      const field = textField(label, attributes, draft.immich[name], (value) => {
        draft.immich[name] = value;
        this._changed();
      }, about);
      return { steps: ["immich", name], field, called: label };
    });
    this._node.replaceChildren(...this._fields.map(({ field }) => field.node));
  }

  /** Return the fields, each with the steps of its path and with what to call it. */
  fields() {
    return this._fields;
  }
}
