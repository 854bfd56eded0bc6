// The settings on the configuration page, folded together by what they are about.

import { el, tell } from "../shared/dom.js";
import { keyOf } from "./draft.js";
import { settingField, unknownFields } from "./form.js";
import { GROUPS, SETTINGS } from "./settings.js";
import { TargetList } from "./target_list.js";

/** @import { JsonObject } from "../shared/answers.d.ts" */
/** @import { Draft } from "./draft.js" */
/** @import { NamedField } from "./form.js" */
/** @import { Group } from "./settings.js" */

/** What the rest of the page shows. */
const ELSEWHERE = ["$schema", "defaultBackend", "backends", "taskRouting", "notify"];

export class SettingList {
  /**
   * @param {HTMLElement} node filled with the fields
   * @param {() => void} changed is called after each change
   * @param {(id: string, isOpen: boolean) => void} opened is told which group is opened
   */
  constructor(node, changed, opened) {
    this._changed = changed;
    /** @type {NamedField[]} */
    this._fields = [];
    this._groups = GROUPS.map((group) => new SettingGroup(group, opened));
    this._targets = new TargetList(node, changed, opened);
    this._unknown = el("div", { class: "options" });
    node.prepend(...this._groups.map((group) => group.node));
    node.append(this._unknown);
  }

  /**
   * Show the settings of `draft`, and edit them there.
   *
   * @param {Draft} draft
   */
  show(draft) {
    this._fields = this._groups.flatMap((group) => group.show(draft, this._changed));
    this._targets.show(draft);
    const known = [...ELSEWHERE, ...SETTINGS.map(({ name }) => name), ...GROUPS.map(({ within }) => within)];
    const unknown = Object.entries(draft.document).filter(([name]) => !known.includes(name));
    this._unknown.replaceChildren(...unknownFields(Object.fromEntries(unknown)));
  }

  /**
   * Open a group.
   *
   * @param {string} id
   * @returns {HTMLElement|undefined} the group, if there is such a one
   */
  open(id) {
    const found = [...this._groups, this._targets].find(({ node }) => node.id === id);
    if (found) found.node.open = true;
    return found?.node;
  }

  /** Return the fields, each with the steps of its path and with what to call it. */
  fields() {
    return [...this._fields, ...this._targets.fields()];
  }
}

class SettingGroup {
  /**
   * @param {Group} group
   * @param {(id: string, isOpen: boolean) => void} opened
   */
  constructor(group, opened) {
    this._group = group;
    this._set = el("span", { class: "muted" });
    this._fields = el("div", { class: "options" });
    this.node = el(
      "details",
      { id: group.id, class: "card fold", ontoggle: () => opened(group.id, this.node.open) },
      el("summary", {}, el("strong", {}, group.title), " ", this._set),
      el("p", { class: "hint" }, group.about),
      this._fields,
    );
  }

  /**
   * @param {Draft} draft
   * @param {() => void} changed
   * @returns {NamedField[]}
   */
  show(draft, changed) {
    const { within, settings } = this._group;
    const owner = within ? /** @type {JsonObject} */ (draft.document)[within] : draft.document;
    const fields = settings.map((setting) => {
      const key = keyOf(within, setting);
      const field = settingField(
        setting,
        /** @type {JsonObject|null|undefined} */ (owner),
        draft.settings.get(key) ?? "",
        (value) => {
          draft.settings.set(key, value);
          this._tell(draft);
          changed();
        },
      );
      return { steps: [...(within ? [within] : []), setting.name], field, called: setting.label };
    });
    this._fields.replaceChildren(...fields.map(({ field }) => field.node));
    this._tell(draft);
    // What is wrong with a part as a whole is told at its first field.
    return within ? [...fields, { ...fields[0], steps: [within] }] : fields;
  }

  /** @param {Draft} draft */
  _tell(draft) {
    const { within, settings } = this._group;
    const isSet = settings.filter((setting) => {
      const text = draft.settings.get(keyOf(within, setting)) ?? "";
      return text !== (setting.choices?.[0].value ?? "");
    });
    tell(this._set, isSet.length > 0 ? `(${isSet.length} set)` : "");
  }
}
