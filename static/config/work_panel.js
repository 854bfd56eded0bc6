// How one kind of work is done, on the configuration page: by whom, in which order, and what
// else there is to say.

import { el, tell } from "../shared/dom.js";
import { Fold, checkBox, choice, partField, settingField, unknownFields } from "./form.js";
import { DEFAULT } from "./matrix.js";
import { Order, moved } from "./order.js";
import { ROUTE_NUMBERS, STRATEGIES, countSet, longForm, strategyHint, unknownOf } from "./routes.js";
import { choicesFor } from "./values.js";

/** @import { Step } from "./fields.js" */
/** @import { NamedField } from "./form.js" */
/** @import { WorkRow } from "./matrix.js" */
/** @import { EditedRoute } from "./routes.js" */

/**
 * `changed` is called after each change, `release` to have it done like all other work.
 *
 * @typedef {{changed: () => void, release: () => void}} Hearers
 */

export class WorkPanel {
  /**
   * @param {EditedRoute} route edited here
   * @param {WorkRow} row that it belongs to
   * @param {Hearers} hearers
   */
  constructor(route, row, { changed, release }) {
    this.route = route;
    this.key = row.key;
    this._changed = changed;
    this._title = el("h3");
    this._list = el("ol", { class: "order" });
    this._order = new Order(this._list, (from, to) => {
      route.backends = moved(route.backends, from, to);
      changed();
    });
    this._backends = partField("Machines, in their order");
    this._none = el("p", { class: "muted" }, "No machine. Press a cell of the table above.");
    this._backends.fill(this._list, this._none, this._order.said);
    const hintFor = (/** @type {string} */ value) => strategyHint({ strategy: value });
    this._strategy = choice(
      "Choose among them",
      { "data-field": "strategy" },
      choicesFor(STRATEGIES, route.strategy),
      route.strategy,
      (value) => {
        route.strategy = value;
        changed();
      },
      hintFor,
    );
    this._numbers = ROUTE_NUMBERS.map((number) => ({
      number,
      field: settingField(number, longForm(route.saved), route[number.name], (text) => {
        route[number.name] = text;
        this._edited();
      }),
    }));
    const spill = this._box("spill", "“In order” goes on to the next one when one is full, too");
    this._fold = new Fold(
      ...this._numbers.map(({ field }) => field.node),
      spill,
      ...unknownFields(unknownOf(route.saved)),
    );
    this._fold.tell(countSet(route));
    const foot = el("div", { class: "foot" });
    if (row.key !== DEFAULT) {
      const label = row.isStandard ? "Do it like all other work" : "Remove";
      foot.append(
        this._box("fallback", "If none of these is up, those that do all other work do it"),
        el("button", { type: "button", "data-release": true, onclick: release }, label),
      );
    }
    this.node = el(
      "div",
      { class: "card route", role: "group", "data-route": row.key },
      this._title,
      this._backends.node,
      this._strategy.node,
      foot,
      this._fold.node,
    );
  }

  /**
   * Show the row as it is now.
   *
   * @param {WorkRow} row
   */
  refresh(row) {
    tell(this._title, row.title);
    this.node.setAttribute("aria-label", row.title);
    const names = this.route.backends.map(({ name }) => name);
    const shown = this._order.items().map((item) => item.getAttribute("data-machine"));
    this._none.hidden = names.length > 0;
    if (JSON.stringify(names) === JSON.stringify(shown)) return;
    this._order.cancel();
    this._backends.clear();
    this._list.replaceChildren(...this.route.backends.map((backend) => this._item(backend)));
  }

  /** Put the focus where one begins. */
  focus() {
    this._backends.control.focus();
  }

  /**
   * Be as open as the panel whose place this one takes; there may have been none.
   *
   * @param {WorkPanel|undefined} other
   */
  keep(other) {
    this._fold.keep(other?._fold);
  }

  /**
   * Return the fields, each with the steps of its path and with what to call it.
   *
   * @param {Step[]} steps
   * @param {string} of
   * @returns {NamedField[]}
   */
  fields(steps, of) {
    return [
      { steps, field: this._backends, called: of },
      { steps: [...steps, "backends"], field: this._backends, called: `Machines of ${of}` },
      { steps: [...steps, "strategy"], field: this._strategy, called: `Strategy of ${of}` },
      ...this._numbers.map(({ number: { name, label }, field }) => ({
        steps: [...steps, name],
        field,
        called: `${label}, of ${of}`,
      })),
    ];
  }

  /** @param {{name: string}} backend */
  _item(backend) {
    const called = backend.name || "the new machine";
    const handle = this._order.handle(() => item, () => called);
    const leave = () => {
      this.route.backends = this.route.backends.filter((one) => one !== backend);
      this._changed();
      this._backends.control.focus();
    };
    const label = `Take ${called} out`;
    const remove = el("button", { type: "button", class: "quiet", "aria-label": label, onclick: leave }, "✕");
    const item = el("li", { "data-machine": backend.name }, handle, el("span", {}, called), remove);
    return item;
  }

  /**
   * @param {"spill"|"fallback"} name
   * @param {string} label
   */
  _box(name, label) {
    return checkBox(label, { "data-field": name }, this.route[name], (checked) => {
      this.route[name] = checked;
      this._edited();
    });
  }

  _edited() {
    this._fold.tell(countSet(this.route));
    this._changed();
  }
}
