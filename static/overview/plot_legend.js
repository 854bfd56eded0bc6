// The plot's legend: which colour is which machine, with its numbers at a time.

import { el, tell } from "../shared/dom.js";
import { duration, rateWords } from "../shared/words.js";
import { colourOf } from "./plot_options.js";
import { latest } from "./plot_series.js";
import { clock, eventWords } from "./plot_words.js";

/** @import { Mark, Series } from "./plot_series.js" */

export class PlotLegend {
  constructor() {
    this._time = el("span", { class: "plot-time" });
    this._machines = el("span", { class: "plot-machines" });
    this._searches = el("span", { class: "plot-value" });
    const mark = el("span", { class: "plot-swatch plot-searches" });
    this._searchItem = el("span", { class: "plot-item" }, mark, "searches (95 %) ");
    this._searchItem.append(this._searches);
    this._event = el("strong", { class: "plot-event" });
    // Every number of it is told elsewhere, and it changes all the time.
    this.node = el("p", { class: "plot-legend", "aria-hidden": "true" });
    this.node.append(this._time, this._machines, this._searchItem, this._event);
    this._names = "";
    /** @type {HTMLElement[]} */
    this._values = [];
  }

  /**
   * Show the numbers at a step.
   *
   * @param {Series} series
   * @param {number} index of the step
   * @param {boolean} past whether it is one that was pointed at
   * @param {Mark|undefined} mark what happened there
   */
  show({ times, layers, searches }, index, past, mark) {
    this._showMachines(layers.map(({ name }) => name));
    const total = layers.at(-1)?.tops[index] ?? 0;
    const when = past ? clock(times[index]) : "Now";
    tell(this._time, `${when}: ${rateWords(total)} images/s`);
    layers.forEach(({ rates }, place) => {
      tell(this._values[place], rateWords(rates[index] ?? 0));
    });
    const search = past ? searches[index] : latest(searches);
    tell(this._searches, search ? duration(search) : "–");
    tell(this._event, mark ? eventWords(mark) : "");
  }

  /** @param {string[]} names */
  _showMachines(names) {
    const shown = JSON.stringify(names);
    if (shown === this._names) return;
    this._names = shown;
    this._values = names.map(() => el("span", { class: "plot-value" }));
    const items = names.map((name, index) => {
      const swatch = el("span", { class: "plot-swatch" });
      swatch.style.background = colourOf(index);
      return el("span", { class: "plot-item" }, swatch, `${name} `, this._values[index]);
    });
    this._machines.replaceChildren(...items);
  }
}
