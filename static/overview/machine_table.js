// The table of machines, and the dialog that tests one.

import { COLUMNS, MachineRow } from "./machine_row.js";
import { el, freshId } from "../shared/dom.js";
import { Table } from "../shared/table.js";
import { SAMPLES, TryResult } from "../shared/try.js";

/** @import { Page } from "./machine_row.js" */
/** @import { Machine, Overview } from "./overview.d.ts" */

export class MachineTable {
  /**
   * @param {HTMLElement} element where it is shown
   * @param {Omit<Page, "test">} page
   */
  constructor(element, page) {
    this._page = { ...page, test };
    this._table = new Table("Machines", COLUMNS);
    this._shown = "";
    /** @type {MachineRow[]} */
    this._rows = [];
    element.append(this._table.node);
  }

  /**
   * @param {Overview} overview
   * @param {number} now
   */
  update({ machines }, now) {
    const shown = JSON.stringify(machines.map(({ name, url }) => [name, url]));
    if (shown !== this._shown) {
      this._shown = shown;
      this._rows = machines.map((machine) => new MachineRow(this._table, machine, this._page));
      this._table.show(this._rows.map(({ node }) => node));
    }
    for (const [index, row] of this._rows.entries()) row.show(machines[index], now);
  }
}

/** @param {Machine} machine */
function test({ name, url }) {
  const title = el("h2", { id: freshId() }, `Test of ${name}`);
  const result = new TryResult();
  /** @type {HTMLDialogElement} */
  const dialog = el(
    "dialog",
    { "aria-labelledby": title.id, onclose: () => dialog.remove() },
    title,
    el("p", { class: "muted" }, url),
    result.node,
    el(
      "p",
      { class: "actions" },
      el("button", { type: "button", onclick: () => result.run(url, SAMPLES) }, "Test again"),
      el("button", { type: "button", class: "primary", onclick: () => dialog.close() }, "Close"),
    ),
  );
  document.body.append(dialog);
  dialog.showModal();
  result.run(url, SAMPLES);
}
