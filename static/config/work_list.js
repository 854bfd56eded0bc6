// Who does what, on the configuration page: the table, and below it the row that is open.

import { el, tell } from "../shared/dom.js";
import { list, routeWord } from "../shared/words.js";
import { REVEAL } from "./form.js";
import { ownRoute, put, release, rowsOf, toggle } from "./matrix.js";
import { WorkPanel } from "./work_panel.js";
import { WorkTable } from "./work_table.js";

/** @import { Draft } from "./draft.js" */
/** @import { NamedField } from "./form.js" */
/** @import { WorkRow } from "./matrix.js" */
/** @import { EditedRoute } from "./routes.js" */

export class WorkList {
  /**
   * @param {HTMLElement} table where the table is shown
   * @param {HTMLElement} panels where the rows are shown that can be opened
   * @param {Draft} draft
   * @param {() => void} changed is called after each change
   * @param {(key: string, isOpen: boolean) => void} opened is told which row is opened
   */
  constructor(table, panels, draft, changed, opened) {
    this._draft = draft;
    this._changed = changed;
    this._opened = opened;
    this._node = panels;
    /** @type {Map<EditedRoute, WorkPanel>} */
    this._panels = new Map();
    /** The key of the row that is open; empty: none. */
    this._open = "";
    /** @type {Map<string, string[]>} */
    this._warnings = new Map();
    this._lent = el("p");
    this._ownButton = el("button", { type: "button", "data-own": true }, "Give it machines of its own");
    this._lentPanel = el("div", { class: "card", role: "group", hidden: true }, this._lent, this._ownButton);
    this._ownButton.addEventListener("click", () => this._own());
    panels.append(this._lentPanel);
    this._table = new WorkTable(table, {
      toggle: (row, backend) => this._edit(row, backend, () => toggle(this._draft, row, backend)),
      put: (row, backend, place) => this._edit(row, backend, () => put(this._draft, row, backend, place)),
      open: ({ key }) => this.open(key === this._open ? "" : key),
    });
    this._said = el("p", { class: "visually-hidden", role: "status" });
    table.after(this._said);
  }

  /**
   * Show the routes of `draft`, and edit them there. The one that is open stays so.
   *
   * @param {Draft} draft
   */
  show(draft) {
    this._draft = draft;
    const panels = [...this._panels.values()];
    const before = new Map(panels.map((panel) => [panel.key, panel]));
    for (const panel of panels) panel.node.remove();
    this._panels.clear();
    this.refresh();
    for (const panel of this._panels.values()) panel.keep(before.get(panel.key));
  }

  /**
   * Open the row of this key, in place of the one that was open.
   *
   * @param {string} key empty: none
   * @returns {HTMLElement|undefined} what is open now
   */
  open(key) {
    const before = this._open;
    if (before === key) return undefined;
    this._open = key;
    if (before) this._opened(before, false);
    if (key) this._opened(key, true);
    this.refresh();
    return [...this._node.children].map((node) => /** @type {HTMLElement} */ (node)).find(({ hidden }) => !hidden);
  }

  /**
   * Tell what there is to know of some routes.
   *
   * @param {Map<string, string[]>} warnings by key
   */
  warn(warnings) {
    this._warnings = warnings;
    this.refresh();
  }

  /** Show machines and routes as they are now. */
  refresh() {
    const { backends, routes } = this._draft;
    const rows = rowsOf(this._draft);
    const open = rows.find(({ key }) => key === this._open);
    const owned = new Map(rows.flatMap((row) => (row.own ? [[row.own, row]] : [])));
    for (const [route, panel] of this._panels) {
      if (owned.has(route)) continue;
      panel.node.remove();
      this._panels.delete(route);
    }
    for (const [route, row] of owned) {
      const panel = this._panels.get(route) ?? this._panelOf(route, row);
      panel.refresh(row);
      panel.node.hidden = row !== open;
    }
    this._showLent(open);
    const used = [this._draft.default, ...routes].flatMap((route) => route.backends);
    const missing = [...new Set(used)].filter((one) => !backends.some((backend) => backend === one));
    const warningsOf = (/** @type {string} */ key) => this._warnings.get(key) ?? [];
    this._table.show(rows, [...backends, ...missing], missing, open?.key ?? "", warningsOf);
  }

  /**
   * Return the fields, each with the steps of its path and with what to call it.
   *
   * @returns {NamedField[]}
   */
  fields() {
    const byDefault = this._panels.get(this._draft.default);
    const ofDefault = byDefault?.fields(["defaultBackend"], "all other work") ?? [];
    const others = this._draft.routes.flatMap((route, index) => {
      // The proxy names a route by its key, `problems` by its place.
      const places = [["taskRouting", route.key], ["routes", index]];
      return places.flatMap((steps) => this._panels.get(route)?.fields(steps, route.key) ?? []);
    });
    return [...ofDefault, ...others];
  }

  /**
   * @param {EditedRoute} route
   * @param {WorkRow} row
   */
  _panelOf(route, row) {
    const panel = new WorkPanel(route, row, {
      changed: () => this._edited(),
      release: () => this._release(route),
    });
    panel.node.addEventListener(REVEAL, () => this.open(panel.key));
    this._panels.set(route, panel);
    this._node.append(panel.node);
    return panel;
  }

  /**
   * @param {WorkRow} row
   * @param {{name: string}} backend
   * @param {() => void} change
   */
  _edit(row, backend, change) {
    change();
    this._edited();
    const [now] = rowsOf(this._draft).filter(({ key }) => key === row.key);
    const place = now.route.backends.findIndex((one) => one === backend) + 1;
    const name = backend.name || "the new machine";
    tell(this._said, place > 0 ? `${name} is number ${place} for ${row.title}.` : `${name} does no ${row.title} now.`);
  }

  /** @param {EditedRoute} route */
  _release(route) {
    const row = rowsOf(this._draft).find(({ own }) => own === route);
    if (!row) return;
    release(this._draft, row);
    if (!row.isStandard) this.open("");
    this._edited();
    if (row.isStandard) this._ownButton.focus();
    else this._table.focus();
  }

  _own() {
    const row = rowsOf(this._draft).find(({ key }) => key === this._open);
    if (!row) return;
    const route = ownRoute(this._draft, row);
    this._edited();
    this._panels.get(route)?.focus();
  }

  /**
   * Show, of a row that has no machines of its own, whose it has.
   *
   * @param {WorkRow|undefined} row
   */
  _showLent(row) {
    this._lentPanel.hidden = !row || row.own !== null;
    if (!row) return;
    const names = list(row.route.backends.map(({ name }) => name)) || "no machine";
    const how = row.isFixed
      ? `is decided by the row ${row.like}, which is more exact`
      : `is done like ${routeWord(row.like)}`;
    tell(this._lent, `${row.title} ${how}: by ${names}.`);
    this._lentPanel.setAttribute("aria-label", row.title);
    this._ownButton.hidden = row.isFixed;
  }

  _edited() {
    this.refresh();
    this._changed();
  }
}
