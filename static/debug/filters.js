// The filters: what is chosen in them goes into the page's address, and comes from there.

import { ALL, ENDINGS, KINDS, narrowedWords, taskWord, written } from "./address.js";
import { byId, controlById, el, tell } from "../shared/dom.js";
import { sentence } from "../shared/words.js";

/** @import { Filter } from "./address.js" */

export class Filters {
  /** @param {(filter: Filter) => void} changed is told what was chosen */
  constructor(changed) {
    this._task = controlById("filter-task", HTMLSelectElement);
    this._machine = controlById("filter-machine", HTMLSelectElement);
    this._status = controlById("filter-status", HTMLSelectElement);
    this._text = controlById("text", HTMLInputElement);
    this._pings = controlById("filter-pings", HTMLInputElement);
    this._pages = controlById("filter-pages", HTMLInputElement);
    for (const kind of KINDS) option(this._task, kind, taskWord(kind));
    for (const [status, [word]] of Object.entries(ENDINGS)) option(this._status, status, word);
    /** @type {Filter|undefined} */
    this._filter = undefined;
    const form = controlById("filters", HTMLFormElement);
    form.addEventListener("submit", (event) => event.preventDefault());
    for (const kind of ["input", "change"]) {
      form.addEventListener(kind, () => {
        const chosen = this._chosen();
        // Both come of one choice.
        if (written(chosen) !== written(this._filter ?? ALL)) changed(chosen);
      });
    }
  }

  /**
   * Show what is chosen.
   *
   * @param {Filter} filter
   */
  show(filter) {
    this._filter = filter;
    for (const [select, value] of /** @type {const} */ ([
      [this._task, filter.task],
      [this._machine, filter.machine],
      [this._status, filter.status],
    ])) {
      if (value) option(select, value, value);
      if (select.value !== value) select.value = value;
    }
    if (this._text.value.trim() !== filter.text.trim()) this._text.value = filter.text;
    this._pings.checked = Boolean(filter.pings);
    this._pages.checked = Boolean(filter.pages);
    tell(byId("narrowed-to"), narrowedWords(filter));
    byId("narrowed").hidden = byId("narrowed-to").hidden;
  }

  /**
   * Offer these machines.
   *
   * @param {string[]} names
   */
  offer(names) {
    for (const name of names) option(this._machine, name, name);
  }

  /** Begin to type a text that is looked for. */
  focus() {
    this._text.focus();
    this._text.select();
  }

  /** @returns {Filter} */
  _chosen() {
    const { trace, route } = this._filter ?? ALL;
    return {
      task: this._task.value,
      machine: this._machine.value,
      status: this._status.value,
      text: this._text.value,
      trace,
      route,
      pings: this._pings.checked ? "1" : "",
      pages: this._pages.checked ? "1" : "",
    };
  }
}

/**
 * Offer a value, if it is not offered already.
 *
 * @param {HTMLSelectElement} select
 * @param {string} value
 * @param {string} word
 */
function option(select, value, word) {
  if ([...select.options].some((one) => one.value === value)) return;
  select.append(el("option", { value }, select.id === "filter-machine" ? word : sentence(word)));
}
