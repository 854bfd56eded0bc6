// The list of records: keeps what is open, and where the reader has scrolled to.

import { el } from "../shared/dom.js";
import { RecordView } from "./record_view.js";
import { keyOf } from "./records.js";

/** @import { DebugRecord } from "../shared/answers.d.ts" */

/** Records shown at first; thousands of lines would make the page slow. */
const PAGE = 200;

export class RecordList {
  /**
   * @param {HTMLElement} node filled with the records
   * @param {HTMLElement} more a button, for when there are more
   */
  constructor(node, more) {
    this._node = node;
    this._more = more;
    this._shown = PAGE;
    /** @type {Map<string, RecordView>} */
    this._views = new Map();
    /** @type {DebugRecord[]} */
    this._records = [];
    more.addEventListener("click", () => {
      this._shown += PAGE;
      this.show(this._records);
    });
  }

  /**
   * Show these records in this order; the elements of those shown already stay.
   *
   * @param {DebugRecord[]} records
   */
  show(records) {
    this._records = records;
    const before = this._views;
    this._views = new Map(
      records.slice(0, this._shown).map((record) => {
        const key = keyOf(record);
        return [key, before.get(key) ?? new RecordView(record)];
      }),
    );
    keepScrolled([...before.values()], () => this._place());
    this._more.hidden = records.length <= this._shown;
    this._more.textContent = `Show more (${records.length - this._views.size} left)`;
  }

  _place() {
    const wanted = [...this._views.values()].map(({ node }) => node);
    /** @type {Set<Element>} */
    const kept = new Set(wanted);
    for (const node of [...this._node.children]) if (!kept.has(node)) node.remove();
    // Only what is out of place is touched: moving an element would take its focus.
    let next = this._node.firstElementChild;
    for (const node of wanted) {
      if (node === next) next = next.nextElementSibling;
      else this._node.insertBefore(node, next);
    }
  }
}

/**
 * Run `change`, and keep the first record that is in view where it is.
 *
 * @param {RecordView[]} views
 * @param {() => void} change
 */
function keepScrolled(views, change) {
  const topOf = (/** @type {RecordView} */ { node }) => node.getBoundingClientRect().top;
  const isInView = (/** @type {RecordView} */ { node }) =>
    node.getBoundingClientRect().bottom > 0;
  const anchor = window.scrollY > 0 ? views.find(isInView) : undefined;
  const before = anchor ? topOf(anchor) : 0;
  change();
  if (anchor?.node.isConnected) window.scrollBy(0, topOf(anchor) - before);
}
