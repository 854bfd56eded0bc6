// What a machine may have beside its name and address, on the configuration page.

import { BREAKS, GENERAL, LIMIT, WAKE, taskLabel } from "./backend_settings.js";
import { countSet, unknownOf } from "./backends.js";
import { Fold, group, settingField, unknownFields } from "./form.js";

/** @import { EditedBackend } from "./backends.js" */
/** @import { Step } from "./fields.js" */
/** @import { Field, NamedField } from "./form.js" */
/** @import { Setting } from "./values.js" */

/** @typedef {{steps: Step[], setting: Setting, field: Field}} OptionField */

export class BackendOptions {
  /**
   * @param {EditedBackend} backend edited here
   * @param {() => void} changed is called after each change
   */
  constructor(backend, changed) {
    this._backend = backend;
    this._changed = changed;
    const { saved, texts, limits, wake } = backend;
    const option = (/** @type {Setting} */ setting) => this._option([], setting, saved, texts);
    const options = GENERAL.map(option);
    const breaks = BREAKS.map(option);
    const limited = limits.map((limit) => {
      const setting = { ...LIMIT, name: limit.task, label: taskLabel(limit.task) };
      const field = settingField(setting, saved?.limits, limit.text, (text) => {
        limit.text = text;
        this._edited();
      });
      return { steps: ["limits", limit.task], setting, field };
    });
    const waking = WAKE.map((setting) => this._option(["wakeOnLan"], setting, saved?.wakeOnLan, wake));
    this._fields = [...options, ...limited, ...breaks, ...waking];
    const nodesOf = (/** @type {OptionField[]} */ fields) => fields.map(({ field }) => field.node);
    this.fold = new Fold(
      ...nodesOf(options),
      group("Requests at once, by task", ...nodesOf(limited)),
      group("When it is used, and when it may sleep", ...nodesOf(breaks)),
      group("Wake-on-LAN, when work waits for it", ...nodesOf(waking)),
      ...unknownFields(unknownOf(saved)),
    );
    this.fold.tell(countSet(backend));
    this._firstLimit = limited[0];
    this._firstOfWaking = waking[0];
  }

  /**
   * Return the fields, each with the steps of its path and with what to call it.
   *
   * @param {Step[]} place
   * @param {string} of
   * @returns {NamedField[]}
   */
  fields(place, of) {
    const named = this._fields.map(({ steps, setting, field }) => {
      const what = steps[0] === "limits" ? `Requests at once for ${setting.name}` : setting.label;
      return { steps: [...place, ...steps], field, called: `${what} of ${of}` };
    });
    // What is wrong with a part as a whole is told at its first field.
    const parts = [this._firstLimit, this._firstOfWaking].map(({ steps: [part], setting, field }) => ({
      steps: [...place, part],
      field,
      called: `${setting.label} of ${of}`,
    }));
    return [...named, ...parts];
  }

  /**
   * Return the field of one option, which is kept in `texts` under its name.
   *
   * @param {Step[]} within
   * @param {Setting} setting
   * @param {any} owner what is saved
   * @param {Record<string, string>} texts
   * @returns {OptionField}
   */
  _option(within, setting, owner, texts) {
    const { name } = setting;
    const field = settingField(setting, owner, texts[name], (text) => {
      texts[name] = text;
      this._edited();
    });
    return { steps: [...within, name], setting, field };
  }

  _edited() {
    this.fold.tell(countSet(this._backend));
    this._changed();
  }
}
