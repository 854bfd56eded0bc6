// The list of machines on the configuration page.

import { ask } from "../shared/ask.js";
import { byId, el } from "../shared/dom.js";
import { BackendRow } from "./backend_row.js";
import { addBackend, removeBackend, usesOf } from "./draft.js";
import { Order, moved } from "./order.js";

/** @import { Health } from "../shared/answers.d.ts" */
/** @import { EditedBackend } from "./backends.js" */
/** @import { Draft } from "./draft.js" */
/** @import { NamedField } from "./form.js" */

export class BackendList {
  /**
   * @param {HTMLElement} node filled with the rows
   * @param {Draft} draft
   * @param {() => void} changed is called after each change
   * @param {(name: string, isOpen: boolean) => void} opened is told which one is opened
   */
  constructor(node, draft, changed, opened) {
    this._node = node;
    this._draft = draft;
    this._changed = changed;
    this._opened = opened;
    /** @type {BackendRow[]} */
    this._rows = [];
    /** @type {Record<string, Health>} */
    this._health = {};
    this._order = new Order(node, (from, to) => {
      this._draft.backends = moved(this._draft.backends, from, to);
      this._rows = moved(this._rows, from, to);
      this._changed();
    });
    node.after(this._order.said);
  }

  /**
   * Show the machines of `draft`, and edit them there. Those that are open stay so.
   *
   * @param {Draft} draft
   */
  show(draft) {
    this._order.cancel();
    this._draft = draft;
    this._node.replaceChildren();
    const before = new Map(this._rows.map((row) => [row.backend.name, row]));
    this._rows = [];
    for (const backend of draft.backends) this._append(backend).keep(before.get(backend.name));
  }

  /** Add an empty row. */
  add() {
    const row = this._append(addBackend(this._draft));
    row.open(true);
    this._changed();
    row.name.control.focus();
  }

  /**
   * Open the machine of this name.
   *
   * @param {string} name
   * @returns {HTMLElement|undefined} its row, if there is one
   */
  open(name) {
    const row = this._rows.find(({ backend }) => backend.name === name);
    row?.open(true);
    return row?.node;
  }

  /**
   * Show what `/api/health` tells.
   *
   * @param {Record<string, Health>} health by name
   */
  showHealth(health) {
    this._health = health;
    for (const row of this._rows) row.showHealth(health);
  }

  /** What was found to be wrong with addresses when they were tried. */
  warnings() {
    return this._rows.flatMap(({ backend, address }) =>
      address.warning ? [`${backend.name || "The new machine"}: ${address.warning}`] : [],
    );
  }

  /**
   * Return the fields, each with the steps of its path and with what to call it.
   *
   * @returns {NamedField[]}
   */
  fields() {
    return this._rows.flatMap((row, index) => row.fields(["backends", index], index + 1));
  }

  /** @param {EditedBackend} backend */
  _append(backend) {
    const row = new BackendRow(backend, this._order, {
      changed: () => {
        row.showHealth(this._health);
        this._changed();
      },
      opened: this._opened,
      remove: () => this._remove(row),
    });
    this._rows.push(row);
    this._node.append(row.node);
    row.showHealth(this._health);
    return row;
  }

  /** @param {BackendRow} row */
  async _remove(row) {
    const { backend } = row;
    this._order.cancel();
    const details = lossesOf(usesOf(this._draft, backend));
    if (details.length > 0) {
      const question = `Remove the machine “${backend.name || "without a name"}”?`;
      if (!(await ask(question, details, "Remove it"))) return;
    }
    removeBackend(this._draft, backend);
    this._rows = this._rows.filter((other) => other !== row);
    row.open(false);
    row.node.remove();
    this._changed();
    (this._rows.at(-1)?.opener ?? byId("add-backend")).focus();
  }
}

/** @param {ReturnType<typeof usesOf>} uses */
function lossesOf({ byDefault, keys, emptied }) {
  const details = [];
  if (byDefault) details.push("It does no other work any more.");
  if (keys.length > 0) details.push(`It is taken out of these routes: ${listed(keys)}.`);
  if (emptied.length > 0) {
    const text = "These routes have no other machine and are removed, so that their work";
    details.push(`${text} goes where all other work goes: ${listed(emptied)}.`);
  }
  return details;
}

/** @param {string[]} keys */
function listed(keys) {
  return keys.map((key) => key || "the one without a key").join(", ");
}
