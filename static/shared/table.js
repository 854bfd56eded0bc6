// Tables that become cards on a narrow window, and stay tables to a screen reader.

import { el } from "./dom.js";

/** `isNumber`: its cells stand at the right. @typedef {{label: string, isNumber?: boolean}} Column */

export class Table {
  /**
   * @param {string} caption says what it is a table of; it is heard, not seen
   * @param {Column[]} columns the first one names the rows
   */
  constructor(caption, columns) {
    this._columns = columns;
    this._body = el("tbody", { role: "rowgroup" });
    const heads = columns.map(({ label, isNumber }) =>
      el("th", { scope: "col", role: "columnheader", class: isNumber && "number" }, label),
    );
    // What is displayed as a block is a table no longer, unless its parts say so.
    this.node = el(
      "table",
      { class: "table", role: "table" },
      el("caption", { class: "visually-hidden" }, caption),
      el("thead", { role: "rowgroup" }, el("tr", { role: "row" }, ...heads)),
      this._body,
    );
  }

  /**
   * Return a new row, which is not shown yet.
   *
   * @param {(Node|string)[][]} cells what is in each
   */
  row(cells) {
    const [head, ...rest] = cells;
    const parts = rest.map((content, index) => {
      const { label, isNumber } = this._columns[index + 1];
      const attributes = { role: "cell", class: isNumber && "number", "data-label": label };
      return el("td", attributes, ...content);
    });
    return el("tr", { role: "row" }, el("th", { scope: "row", role: "rowheader" }, ...head), ...parts);
  }

  /**
   * Show these rows.
   *
   * @param {HTMLTableRowElement[]} rows
   */
  show(rows) {
    this._body.replaceChildren(...rows);
  }
}
