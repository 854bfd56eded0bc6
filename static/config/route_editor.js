// Edits one route on the configuration page: its backends and how work goes to them.

import { el, tell } from "../shared/dom.js";
import { choose } from "./draft.js";
import { Fold, checkBox, checkGroup, choice, textField } from "./form.js";
import { ROUTE_NUMBERS, countSet, placeOf, strategiesFor, strategyHint } from "./routes.js";
import { settingHint } from "./settings.js";

/** @import { Step } from "./fields.js" */
/** @import { NamedField } from "./form.js" */
/** @import { EditedRoute, RouteNumber } from "./routes.js" */
/** @import { Setting } from "./settings.js" */

/**
 * @typedef {{backend: {name: string}, label: string, box: HTMLElement,
 *     text: HTMLElement}} BackendBox `text` shows the label
 */

export class RouteEditor {
  /**
   * @param {EditedRoute} route edited here
   * @param {string} label of its backends
   * @param {() => void} changed is called after each change
   */
  constructor(route, label, changed) {
    this._route = route;
    this._changed = changed;
    /** @type {BackendBox[]} */
    this._boxes = [];
    this.backends = checkGroup(label);
    const hint = el("p", { class: "hint" });
    const explain = () => tell(hint, strategyHint(route));
    explain();
    this.strategy = choice(
      "Choose among them",
      { "data-field": "strategy" },
      strategiesFor(route),
      route.strategy,
      (value) => {
        route.strategy = value;
        explain();
        this._label();
        changed();
      },
      hint,
    );
    this._numbers = ROUTE_NUMBERS.map((number) => ({ number, field: this._number(number) }));
    const spill = checkBox(
      "“In order” goes on to the next one when one is full, too",
      { "data-field": "spill" },
      route.spill,
      (checked) => {
        route.spill = checked;
        this._edited();
      },
    );
    this.fold = new Fold(...this._numbers.map(({ field }) => field.node), spill);
    this.fold.tell(countSet(route));
  }

  /**
   * Offer these backends; those that are chosen already come with the route.
   *
   * @param {{name: string}[]} backends
   */
  offer(backends) {
    const unknown = this._route.backends.filter((backend) => !backends.includes(backend));
    this._boxes = [...backends, ...unknown].map((backend) => {
      const name = backend.name || "(without a name)";
      const label = unknown.includes(backend) ? `${name} (there is no such backend)` : name;
      const attributes = { "data-backend-choice": true, value: backend.name };
      const isChosen = this._route.backends.includes(backend);
      const box = checkBox(label, attributes, isChosen, (chosen) => {
        choose(this._route, backend, chosen);
        this.backends.clear();
        this._label();
        this._changed();
      });
      const [text] = box.getElementsByTagName("span");
      return { backend, label, box, text };
    });
    this._label();
    const none = el("p", { class: "muted" }, "There are no machines yet.");
    const boxes = this._boxes.map(({ box }) => box);
    this.backends.fill(...(boxes.length > 0 ? boxes : [none]));
  }

  /** Number the backends where their order counts. */
  _label() {
    for (const { backend, label, text } of this._boxes) {
      const place = placeOf(this._route, backend);
      tell(text, place > 0 ? `${place}. ${label}` : label);
    }
  }

  /**
   * Return the fields, each with the steps of its path and with what to call it.
   *
   * @param {Step[]} steps
   * @param {string} of
   * @returns {NamedField[]}
   */
  fields(steps, of) {
    const called = `Machines of ${of}`;
    return [
      { steps: [...steps, "backends"], field: this.backends, called },
      { steps: [...steps, "strategy"], field: this.strategy, called: `Strategy of ${of}` },
      ...this._numbers.map(({ number: { name, label }, field }) => ({
        steps: [...steps, name],
        field,
        called: `${label}, of ${of}`,
      })),
    ];
  }

  /** @param {Setting<RouteNumber>} number */
  _number(number) {
    const route = this._route;
    const { name, label, byDefault } = number;
    const hint = el("p", { class: "hint" }, settingHint(number, route[name]));
    const attributes = { "data-field": name, inputmode: "decimal", placeholder: byDefault };
    return textField(label, attributes, route[name], (value) => {
      route[name] = value;
      hint.textContent = settingHint(number, value);
      this._edited();
    }, hint);
  }

  _edited() {
    this.fold.tell(countSet(this._route));
    this._changed();
  }
}
