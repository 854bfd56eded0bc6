// What a backend may have beside its name and URL, on the configuration page.

import {
  ABILITIES,
  CA_FILE,
  HEADERS,
  MAX_CONCURRENT,
  TASKS,
  WAKE,
  WEIGHT,
  countSet,
  stateHint,
  statesFor,
} from "./backends.js";
import { el, tell } from "../shared/dom.js";
import { Fold, choice, textField } from "./form.js";
import { settingHint } from "./settings.js";

/** @import { EditedBackend } from "./backends.js" */
/** @import { Step } from "./fields.js" */
/** @import { Field, NamedField } from "./form.js" */
/** @import { Setting } from "./settings.js" */

/** @typedef {{option: Setting, field: Field}} OptionField */

export class BackendOptions {
  /**
   * @param {EditedBackend} backend edited here
   * @param {() => void} changed is called after each change
   */
  constructor(backend, changed) {
    this._backend = backend;
    this._changed = changed;
    this._state = this._stateChoice();
    this._texts = [MAX_CONCURRENT, WEIGHT, ABILITIES, HEADERS, CA_FILE].map((option) => ({
      option,
      field: this._option(option, backend),
    }));
    this._limits = backend.limits.map((limit) => this._limit(limit));
    this._wake = WAKE.map((option) => ({ option, field: this._option(option, backend.wake) }));
    const nodesOf = (/** @type {{field: Field}[]} */ fields) =>
      fields.map(({ field }) => field.node);
    this.fold = new Fold(
      this._state.node,
      ...nodesOf(this._texts),
      group("Requests at once, by task", ...nodesOf(this._limits)),
      group("Wake-on-LAN, when work waits for it", ...nodesOf(this._wake)),
    );
    this.fold.tell(countSet(backend));
  }

  /**
   * Return the fields, each with the steps of its path and with what to call it.
   *
   * @param {Step[]} steps
   * @param {string} of
   * @returns {NamedField[]}
   */
  fields(steps, of) {
    /** @type {(one: OptionField, ...within: string[]) => NamedField} */
    const named = ({ option: { name, label }, field }, ...within) => ({
      steps: [...steps, ...within, name],
      field,
      called: `${label} of ${of}`,
    });
    const limits = this._limits.map(({ task, field }) => ({
      steps: [...steps, "limits", task],
      field,
      called: `Requests at once for ${task} of ${of}`,
    }));
    const wake = this._wake.map((one) => named(one, "wakeOnLan"));
    return [
      { steps: [...steps, "state"], field: this._state, called: `State of ${of}` },
      ...this._texts.map((one) => named(one)),
      { ...limits[0], steps: [...steps, "limits"] },
      ...limits,
      { ...wake[0], steps: [...steps, "wakeOnLan"] },
      ...wake,
    ];
  }

  _stateChoice() {
    const backend = this._backend;
    const hint = el("p", { class: "hint" });
    const explain = () => tell(hint, stateHint(backend));
    explain();
    return choice("State", { "data-field": "state" }, statesFor(backend), backend.state, (value) => {
      backend.state = value;
      explain();
      this._edited();
    }, hint);
  }

  /**
   * Return the field of one option, which is kept in `texts` under its name.
   *
   * @template {string} Name
   * @param {Setting<Name>} option
   * @param {Record<Name, string>} texts
   */
  _option(option, texts) {
    const { name, label, byDefault, example } = option;
    const attributes = { "data-field": name, placeholder: byDefault ?? example };
    const explain = () => settingHint(option, texts[name]);
    const hint = option.note ? el("p", { class: "hint" }, explain()) : undefined;
    return textField(label, attributes, texts[name], (value) => {
      texts[name] = value;
      if (hint) hint.textContent = explain();
      this._edited();
    }, hint);
  }

  /** @param {{task: string, text: string}} limit */
  _limit(limit) {
    const { task } = limit;
    const label = TASKS.find((known) => known.task === task.replaceAll("_", "-"))?.label ?? task;
    const attributes = { "data-limit": task, inputmode: "numeric", placeholder: "no limit" };
    const field = textField(label, attributes, limit.text, (value) => {
      limit.text = value;
      this._edited();
    });
    return { task, field };
  }

  _edited() {
    this.fold.tell(countSet(this._backend));
    this._changed();
  }
}

/**
 * @param {string} label
 * @param {...Node} nodes
 */
function group(label, ...nodes) {
  const fields = el("div", { class: "options" }, ...nodes);
  return el("fieldset", {}, el("legend", {}, label), fields);
}
