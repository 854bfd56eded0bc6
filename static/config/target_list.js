// Who is told when something happens, on the configuration page; each can be tried.

import { ApiError, post } from "../shared/api.js";
import { whileBusy } from "../shared/busy.js";
import { el, tell } from "../shared/dom.js";
import { checkBox, group, settingField } from "./form.js";
import { EVENTS, TARGET, readTarget, writeTarget } from "./targets.js";

/** @import { Draft } from "./draft.js" */
/** @import { Field, NamedField } from "./form.js" */
/** @import { EditedTarget } from "./targets.js" */

/** @typedef {{target: EditedTarget, fields: Field[], node: HTMLElement}} Row */

export class TargetList {
  /**
   * @param {HTMLElement} node filled with the list
   * @param {() => void} changed is called after each change
   * @param {(id: string, isOpen: boolean) => void} opened is told when it is opened
   */
  constructor(node, changed, opened) {
    this._changed = changed;
    /** @type {Draft|undefined} */
    this._draft = undefined;
    /** @type {Row[]} */
    this._rows = [];
    this._count = el("span", { class: "muted" });
    this._list = el("ul", { class: "rows" });
    this._add = el("button", { type: "button", id: "add-target", onclick: () => this.add() }, "Tell somebody");
    this.node = el(
      "details",
      { id: "notify", class: "card fold", ontoggle: () => opened("notify", this.node.open) },
      el("summary", {}, el("strong", {}, "Who is told"), " ", this._count),
      el("p", { class: "hint" }, "ntfy, Home Assistant or a program of yours is told when it matters."),
      this._list,
      el("p", {}, this._add),
    );
    node.append(this.node);
  }

  /**
   * Show who is told by `draft`, and edit it there.
   *
   * @param {Draft} draft
   */
  show(draft) {
    this._draft = draft;
    this._rows = [];
    this._list.replaceChildren();
    for (const target of draft.targets) this._append(target);
    this._tell();
  }

  /** Add an empty entry. */
  add() {
    if (!this._draft) return;
    const target = readTarget(undefined);
    this._draft.targets.push(target);
    const { fields } = this._append(target);
    this._edited();
    fields[0].control.focus();
  }

  /**
   * Return the fields, each with the steps of its path and with what to call it.
   *
   * @returns {NamedField[]}
   */
  fields() {
    return this._rows.flatMap(({ fields }, index) => {
      const steps = ["notify", index];
      const called = (/** @type {number} */ one) => `${TARGET[one].label} of number ${index + 1} who is told`;
      const named = fields.map((field, one) => ({ steps: [...steps, TARGET[one].name], field, called: called(one) }));
      return [...named, { steps, field: fields[0], called: called(0) }];
    });
  }

  /** @param {EditedTarget} target */
  _append(target) {
    const fields = TARGET.map((setting) =>
      settingField(setting, target.saved, target.texts[setting.name], (text) => {
        target.texts[setting.name] = text;
        this._edited();
      }),
    );
    const boxes = EVENTS.map(({ value, label }) =>
      checkBox(label, { "data-event": value }, target.events.includes(value), (isChosen) => {
        const chosen = EVENTS.map((event) => event.value).filter((event) =>
          event === value ? isChosen : target.events.includes(event),
        );
        target.events = chosen;
        this._edited();
      }),
    );
    const said = el("p", { role: "status", class: "tried", hidden: true });
    const number = this._rows.length + 1;
    const attempt = el("button", { type: "button", "data-test": true, "aria-label": `Test number ${number}` }, "Test");
    attempt.addEventListener("click", () => whileBusy(attempt, "Sending…", () => tryOut(target, said)));
    const leave = { type: "button", class: "quiet", "aria-label": `Remove number ${number}` };
    const remove = el("button", { ...leave, onclick: () => this._remove(row) }, "Remove");
    const node = el(
      "li",
      {},
      el(
        "div",
        { class: "card options", role: "group", "aria-label": `Number ${number} who is told` },
        ...fields.map((field) => field.node),
        group("Is told when", ...boxes),
        el("div", { class: "foot" }, said, el("div", { class: "inline" }, attempt, remove)),
      ),
    );
    const row = { target, fields, node };
    this._rows.push(row);
    this._list.append(node);
    return row;
  }

  /** @param {Row} row */
  _remove(row) {
    if (!this._draft) return;
    this._draft.targets = this._draft.targets.filter((target) => target !== row.target);
    this.show(this._draft);
    this._changed();
    this._add.focus();
  }

  _edited() {
    this._tell();
    this._changed();
  }

  _tell() {
    tell(this._count, this._rows.length > 0 ? `(${this._rows.length})` : "(nobody)");
  }
}

/**
 * @param {EditedTarget} target
 * @param {HTMLElement} said
 */
async function tryOut(target, said) {
  try {
    const { ok, text } = await post("api/notify/test", { entry: writeTarget(target) });
    said.dataset.tone = ok ? "good" : "bad";
    tell(said, text);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    said.dataset.tone = "bad";
    tell(said, error.message);
  }
}
