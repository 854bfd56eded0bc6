// Shows a machine in the table of machines.

import { stateOf } from "./actions.js";
import { Beats } from "./beats.js";
import {
  doneWords,
  errorWords,
  noteLines,
  placesWords,
  stateWords,
  timeWords,
} from "./machine_words.js";
import { Replicas } from "./replicas.js";
import { Badge } from "../shared/badge.js";
import { el, tell } from "../shared/dom.js";
import { menu } from "../shared/menu.js";

/** @import { Actions } from "./actions.js" */
/** @import { Machine } from "./overview.d.ts" */
/** @import { Item } from "../shared/menu.js" */
/** @import { Column, Table } from "../shared/table.js" */

/** @type {Column[]} */
export const COLUMNS = [
  { label: "Machine" },
  { label: "State" },
  { label: "Under way", isNumber: true },
  { label: "Waiting for it alone", isNumber: true },
  { label: "Done per minute", isNumber: true },
  { label: "Searches (half / 95\u00a0%)", isNumber: true },
  { label: "Images (half / 95\u00a0%)", isNumber: true },
  { label: "Errors", isNumber: true },
  { label: "Last hour" },
  { label: "Actions" },
];

/** Seconds that a machine is disabled for a game. */
const BREAK = 7200;

/**
 * What a row needs of its page.
 *
 * @typedef {{
 *   actions: Actions,
 *   test: (machine: Machine) => void,
 *   showRequests: (of: {machine?: string, route?: string, failed?: boolean}) => void,
 * }} Page
 */

export class MachineRow {
  /**
   * @param {Table} table
   * @param {Machine} machine
   * @param {Page} page
   */
  constructor(table, machine, page) {
    this._machine = machine;
    this._page = page;
    this._badge = new Badge();
    this._since = el("span", { class: "muted" });
    this._notes = el("small", { class: "notes", hidden: true });
    this._replicas = new Replicas();
    this._places = el("span");
    this._alone = el("span");
    this._done = el("span");
    this._search = el("span");
    this._image = el("span");
    this._none = el("span");
    this._errors = el("a", { href: "debug", onclick: (event) => this._showErrors(event) });
    this._beats = new Beats();
    const { name, url } = machine;
    this.node = table.row([
      [el("span", { class: "who", title: url }, name), this._notes, this._replicas.node],
      [el("span", { class: "state" }, this._badge.node, " ", this._since)],
      [this._places],
      [this._alone],
      [this._done],
      [this._search],
      [this._image],
      [this._errors, this._none],
      [this._beats.node],
      menu(`Actions for ${name}`, () => this._items()),
    ]);
    this.node.dataset.machine = name;
  }

  /**
   * Show what is known of it.
   *
   * @param {Machine} machine
   * @param {number} now
   */
  show(machine, now) {
    this._machine = machine;
    const { tone, text, since } = stateWords(machine, now);
    this.node.dataset.tone = tone;
    this._badge.show(tone, text);
    tell(this._since, since);
    tell(this._notes, noteLines(machine).join("; "));
    this._replicas.show(machine.replicas);
    const places = placesWords(machine);
    fill(this._places, places.count, places.hint);
    fill(this._alone, machine.alone > 0 ? String(machine.alone) : "");
    const done = doneWords(machine);
    fill(this._done, done.count, done.hint);
    fill(this._search, timeWords(machine.search));
    fill(this._image, timeWords(machine.image));
    const errors = errorWords(machine, now);
    tell(this._errors, errors.count);
    this._errors.title = errors.hint;
    const all = `${errors.count} errors of ${machine.name} ${errors.hint}`;
    this._errors.setAttribute("aria-label", all);
    fill(this._none, "");
    this._none.hidden = errors.count !== "";
    this._beats.show(machine.beats);
  }

  /** @param {Event} event */
  _showErrors(event) {
    event.preventDefault();
    this._page.showRequests({ machine: this._machine.name, failed: true });
  }

  /** @returns {Item[]} what can be done with it now */
  _items() {
    const { name, canWake } = this._machine;
    const { actions, test } = this._page;
    const state = stateOf(this._machine);
    /** @param {"enabled"|"drain"|"disabled"} wanted */
    const set = (wanted) => () => actions.setState(name, wanted, state);
    const enable = { label: "Use again", hint: "It gets work again, as its routes say.", act: set("enabled") };
    const drain = {
      label: "Drain",
      hint: "It takes nothing new and finishes what it has. Can be undone.",
      act: set("drain"),
    };
    const disable = {
      label: "Disable",
      hint: "It takes nothing new and is not asked how it is. Can be undone.",
      act: set("disabled"),
    };
    const pause = {
      label: "Disable for 2 h",
      hint: "For a game: it takes nothing new and is not asked how it is, until then. Can be undone.",
      act: () => actions.setState(name, "disabled", state, BREAK),
    };
    const wake = { label: "Wake", hint: "Sends it a wake-up call over the network.", act: () => actions.wake(name) };
    return [
      ...(state === "enabled" ? [] : [enable]),
      ...(state === "drain" ? [] : [drain]),
      ...(state === "disabled" ? [] : [disable]),
      pause,
      {
        label: "Test",
        hint: "Asks it for a search, a picture, faces and text in pictures, and tells what came.",
        act: () => test(this._machine),
      },
      ...(canWake ? [wake] : []),
    ];
  }
}

/**
 * Show a number, or that there is none.
 *
 * @param {HTMLElement} node
 * @param {string} text empty: there is none, and on a phone its line is left out
 * @param {string} hint
 */
function fill(node, text, hint = "") {
  tell(node, text || "–");
  node.classList.toggle("none", text === "");
  if (node.title !== hint) node.title = hint;
}
