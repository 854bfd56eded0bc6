// The table of who does what: a press gives a machine work or takes it away, a number puts
// it at a place, arrows go from cell to cell.

import { el, tell } from "../shared/dom.js";
import { sentence } from "../shared/words.js";
import { placeIn } from "./matrix.js";

/** @import { WorkRow } from "./matrix.js" */

/**
 * What presses do; a place is counted from 1 on, 0: none.
 *
 * @typedef {{toggle: (row: WorkRow, backend: {name: string}) => void,
 *     put: (row: WorkRow, backend: {name: string}, place: number) => void,
 *     open: (row: WorkRow) => void}} Presses
 */

/**
 * @typedef {{row: WorkRow, opener: HTMLElement, note: HTMLElement, warnings: HTMLElement,
 *     cells: HTMLElement[]}} Line
 */

const MOVES = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

export class WorkTable {
  /**
   * @param {HTMLElement} node filled with the table
   * @param {Presses} presses
   */
  constructor(node, presses) {
    this._presses = presses;
    /** @type {{name: string}[]} */
    this._backends = [];
    /** @type {HTMLElement[]} */
    this._heads = [];
    /** @type {Line[]} */
    this._lines = [];
    /** Row and column of the one button that Tab leads to. */
    this._at = [0, 1];
    this._head = el("tr");
    this._body = el("tbody", { onkeydown: (event) => this._typed(event), onfocusin: (event) => this._focused(event) });
    const caption = "Which machine does which work; a number is its place in the order.";
    node.append(
      el(
        "table",
        { class: "work", role: "grid", "aria-label": caption },
        el("thead", {}, this._head),
        this._body,
      ),
    );
  }

  /**
   * Show the rows. Buttons stay the ones they were, unless rows or columns come and go: a
   * press that has begun is not lost, and what has the focus keeps it.
   *
   * @param {WorkRow[]} rows
   * @param {{name: string}[]} backends the columns
   * @param {{name: string}[]} missing those of them that there are not
   * @param {string} open the key of the row whose panel is open
   * @param {(key: string) => string[]} warningsOf tells what there is to know of a row
   */
  show(rows, backends, missing, open, warningsOf) {
    const isSame =
      backends.length === this._backends.length &&
      backends.every((backend, index) => backend === this._backends[index]) &&
      rows.map(({ key }) => key).join("\n") === this._lines.map(({ row }) => row.key).join("\n");
    if (!isSame) this._build(rows, backends);
    this._heads.forEach((head, index) => {
      const name = backends[index].name || "(new)";
      const told = missing.includes(backends[index]) ? `${name} (there is no such machine)` : name;
      head.title = told;
      tell(head, told);
    });
    this._lines.forEach((line, number) => {
      line.row = rows[number];
      const { row, opener, note, warnings, cells } = line;
      tell(opener, row.title);
      opener.setAttribute("aria-expanded", String(row.key === open));
      tell(note, row.note);
      const told = warningsOf(row.key).map(sentence);
      if (told.join("\n") !== [...warnings.children].map(({ textContent }) => textContent).join("\n")) {
        warnings.replaceChildren(...told.map((text) => el("p", { class: "warning" }, text)));
      }
      cells.forEach((cell, index) => showCell(cell, row, backends[index]));
    });
  }

  /**
   * @param {WorkRow[]} rows
   * @param {{name: string}[]} backends
   */
  _build(rows, backends) {
    const hadFocus = this._body.contains(document.activeElement);
    this._backends = backends;
    this._heads = backends.map(() => el("span"));
    this._lines = rows.map((row, number) => this._line(row, number));
    const heads = this._heads.map((head) => el("th", { scope: "col" }, head));
    this._head.replaceChildren(el("th", { scope: "col" }, "Work"), ...heads);
    this._body.replaceChildren(
      ...this._lines.map(({ row, opener, note, warnings, cells }) =>
        el(
          "tr",
          { "data-work": row.key },
          el("th", { scope: "row" }, opener, note, warnings),
          ...cells.map((cell) => el("td", {}, cell)),
        ),
      ),
    );
    this._at = [Math.min(this._at[0], rows.length - 1), Math.min(this._at[1], backends.length)];
    const current = this._button(this._at);
    current?.setAttribute("tabindex", "0");
    if (hadFocus) current?.focus();
  }

  /** Put the focus where it was last. */
  focus() {
    this._button(this._at)?.focus();
  }

  /**
   * @param {WorkRow} row
   * @param {number} number
   * @returns {Line}
   */
  _line(row, number) {
    const at = (/** @type {number} */ column) => ({ type: "button", tabindex: -1, "data-at": `${number},${column}` });
    const open = () => this._presses.open(line.row);
    const opener = el("button", { ...at(0), class: "opener", onclick: open });
    /** @type {Line} */
    const line = { row, opener, note: el("small", { class: "muted" }), warnings: el("div"), cells: [] };
    line.cells = this._backends.map((backend, index) =>
      el("button", {
        ...at(index + 1),
        class: "cell",
        onclick: () => !line.row.isFixed && this._presses.toggle(line.row, backend),
        onkeydown: (event) => this._put(event, line.row, backend),
      }),
    );
    return line;
  }

  /**
   * @param {Event} event
   * @param {WorkRow} row
   * @param {{name: string}} backend
   */
  _put(event, row, backend) {
    const { key, ctrlKey, altKey, metaKey } = /** @type {KeyboardEvent} */ (event);
    const isGone = key === "Delete" || key === "Backspace";
    if (ctrlKey || altKey || metaKey || !(isGone || /^[0-9]$/.test(key))) return;
    const place = isGone ? 0 : Number(key);
    event.preventDefault();
    if (!row.isFixed) this._presses.put(row, backend, place);
  }

  /** @param {Event} event */
  _typed(event) {
    const move = MOVES[/** @type {keyof typeof MOVES} */ (/** @type {KeyboardEvent} */ (event).key)];
    if (!move) return;
    event.preventDefault();
    this._button([this._at[0] + move[0], this._at[1] + move[1]])?.focus();
  }

  /** @param {Event} event */
  _focused(event) {
    const at = event.target instanceof HTMLElement ? event.target.dataset.at : undefined;
    if (!at) return;
    this._button(this._at)?.setAttribute("tabindex", "-1");
    this._at = at.split(",").map(Number);
    this._button(this._at)?.setAttribute("tabindex", "0");
  }

  /** @param {number[]} at @returns {HTMLElement|null} */
  _button(at) {
    return this._body.querySelector(`[data-at="${at.join()}"]`);
  }
}

/**
 * @param {HTMLElement} cell
 * @param {WorkRow} row
 * @param {{name: string}} backend
 */
function showCell(cell, row, backend) {
  const place = placeIn(row, backend);
  const called = `${row.title}: ${backend.name || "the new machine"}`;
  tell(cell, place > 0 ? String(place) : "–");
  cell.dataset.machine = backend.name;
  cell.setAttribute("aria-pressed", String(place > 0));
  cell.setAttribute("aria-label", `${called}, ${place > 0 ? `number ${place}` : "not used"}`);
  cell.toggleAttribute("data-lent", row.own === null);
  if (row.isFixed) cell.setAttribute("aria-disabled", "true");
  else cell.removeAttribute("aria-disabled");
}
