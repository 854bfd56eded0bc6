// The settings on the configuration page.

import { el } from "../shared/dom.js";
import { choice, textField } from "./form.js";
import { SETTINGS, choicesFor, settingHint } from "./settings.js";

/** @import { Draft } from "./draft.js" */
/** @import { NamedField } from "./form.js" */

export class SettingList {
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
   * Show the settings of `draft`, and edit them there.
   *
   * @param {Draft} draft
   */
  show(draft) {
    this._fields = SETTINGS.map((setting) => {
      const { name, label, byDefault, choices } = setting;
      const text = draft.settings.get(name) ?? "";
      if (choices) {
        const field = choice(label, { name }, choicesFor(choices, text), text, (value) => {
          draft.settings.set(name, value);
          this._changed();
        });
        return { steps: [name], field, called: label };
      }
      const hint = el("p", { class: "hint" }, settingHint(setting, text));
      const attributes = { name, inputmode: "decimal", placeholder: byDefault };
      const field = textField(label, attributes, text, (value) => {
        draft.settings.set(name, value);
        hint.textContent = settingHint(setting, value);
        this._changed();
      }, hint);
      return { steps: [name], field, called: label };
    });
    this._node.replaceChildren(...this._fields.map(({ field }) => field.node));
  }

  /** Return the fields, each with the steps of its path and with what to call it. */
  fields() {
    return this._fields;
  }
}
