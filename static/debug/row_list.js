// The list of requests: as long as there are, but only what is seen of it is in the page.

import { length, lineAt, placeOf } from "./known.js";
import { RowView } from "./row_view.js";
import { el } from "../shared/dom.js";

/** @import { Known } from "./known.js" */

/** Lines above and below what is seen that are there as well. */
const SPARE = 8;

/**
 * What the list needs of its page: `hrefOf` the details of a request; `need` is called
 * with how many lines are to be known; `since`: seconds since they were told.
 *
 * @typedef {{hrefOf: (id: string) => string, need: (lines: number) => void,
 *     since: () => number}} Page
 */

export class RowList {
  /**
   * @param {HTMLElement} room scrolls
   * @param {Page} page
   */
  constructor(room, page) {
    this._room = room;
    this._page = page;
    this._list = el("ol", { class: "lines", "aria-label": "Requests" });
    room.append(this._list);
    /** @type {Known|undefined} */
    this._known = undefined;
    /** @type {Map<string, RowView>} */
    this._views = new Map();
    /** The line that Tab leads to. */
    this._active = "";
    this._open = "";
    /** The line that is to have the focus once it is known; -1: none. */
    this._awaited = -1;
    room.addEventListener("scroll", () => this._draw(), { passive: true });
    new ResizeObserver(() => this._draw()).observe(room);
    this._list.addEventListener("keydown", (event) => this._press(event));
    this._list.addEventListener("focusin", ({ target }) => {
      const id = target instanceof Element && target.closest("li")?.dataset.recordId;
      this._awaited = -1;
      if (id) this._activate(id);
    });
  }

  /**
   * Show what is known; what the reader looks at stays where it is.
   *
   * @param {Known} known
   */
  show(known) {
    const anchor = this._anchor();
    this._known = known;
    const height = this._height();
    this._list.style.height = `${length(known) * height}px`;
    if (anchor) {
      const place = placeOf(known, anchor.id);
      if (place >= 0) this._room.scrollTop = place * height - anchor.offset;
    }
    this._draw();
  }

  /** Forget all lines: others are wanted, from the top. The first has the focus then. */
  clear() {
    this._awaited = this._list.contains(document.activeElement) ? 0 : -1;
    for (const { node } of this._views.values()) node.remove();
    this._views.clear();
    this._known = undefined;
    this._room.scrollTop = 0;
  }

  /** Let what is under way grow older. */
  tick() {
    if (!this._known) return;
    const since = this._page.since();
    for (const row of this._known.underWay) this._views.get(row.id)?.show(row, since);
  }

  /**
   * Mark the line whose details are shown.
   *
   * @param {string} id empty: none
   */
  open(id) {
    this._open = id;
    if (id) this._active = id;
    this._draw();
  }

  /** Put the focus on the line that had it, or on the first one. */
  focus() {
    if (!this._known) return;
    this._goTo(Math.max(0, placeOf(this._known, this._active)));
  }

  /** How high a line is, in pixels. */
  _height() {
    const { fontSize } = getComputedStyle(document.documentElement);
    const rows = getComputedStyle(this._list).getPropertyValue("--row");
    return parseFloat(rows) * parseFloat(fontSize);
  }

  /** What must not move: the line with the focus, or the first one that is seen. */
  _anchor() {
    if (!this._known) return null;
    const top = this._room.scrollTop;
    const height = this._height();
    const focused = this._list.contains(document.activeElement) ? this._active : "";
    let place = focused ? placeOf(this._known, focused) : -1;
    const isSeen = (place + 1) * height > top && place * height < top + this._room.clientHeight;
    if (place < 0 || !isSeen) {
      if (top === 0) return null;
      place = Math.floor(top / height);
    }
    const row = lineAt(this._known, place);
    return row ? { id: row.id, offset: place * height - top } : null;
  }

  _draw() {
    const known = this._known;
    if (!known) return;
    const height = this._height();
    const from = Math.max(0, Math.floor(this._room.scrollTop / height) - SPARE);
    const until = Math.ceil((this._room.scrollTop + this._room.clientHeight) / height) + SPARE;
    const all = length(known);
    if (this._list.clientHeight !== all * height) this._list.style.height = `${all * height}px`;
    const places = [];
    for (let place = from; place < Math.min(until, all); place += 1) places.push(place);
    // What has the focus stays, however far the list was scrolled.
    const active = placeOf(known, this._active);
    if (active >= 0 && active < from) places.unshift(active);
    else if (active >= until) places.push(active);
    this._place(known, places, height);
    const wanted = Math.max(until, this._awaited + 1);
    if (wanted > known.underWay.length + known.rows.length) this._page.need(wanted);
    const awaited = this._awaited >= 0 && lineAt(known, Math.min(this._awaited, all - 1));
    if (awaited) this._focusOn(awaited.id);
  }

  /**
   * @param {Known} known
   * @param {number[]} places
   * @param {number} height
   */
  _place(known, places, height) {
    const since = this._page.since();
    const all = length(known);
    /** @type {Map<string, RowView>} */
    const views = new Map();
    for (const place of places) {
      const row = lineAt(known, place);
      if (!row) break;
      const view = this._views.get(row.id) ?? new RowView(row, this._page.hrefOf(row.id));
      view.show(row, since);
      view.place(place, all, place * height);
      view.mark(row.id === this._open);
      views.set(row.id, view);
    }
    for (const [id, { node }] of this._views) if (!views.has(id)) node.remove();
    this._views = views;
    // Only what is out of place is touched: moving an element would take its focus.
    let next = this._list.firstElementChild;
    for (const { node } of views.values()) {
      if (node === next) next = next.nextElementSibling;
      else this._list.insertBefore(node, next);
    }
    if (!views.has(this._active)) this._active = views.keys().next().value ?? "";
    this._activate(this._active);
  }

  /** @param {string} id */
  _activate(id) {
    this._active = id;
    for (const [other, { link }] of this._views) link.tabIndex = other === id ? 0 : -1;
  }

  /** @param {KeyboardEvent} event */
  _press(event) {
    if (!this._known || event.altKey || event.ctrlKey || event.metaKey) return;
    const place = placeOf(this._known, this._active);
    const page = Math.max(1, Math.floor(this._room.clientHeight / this._height()) - 1);
    const last = length(this._known) - 1;
    const leads = /** @type {Record<string, number>} */ ({
      ArrowDown: place + 1,
      ArrowUp: place - 1,
      PageDown: place + page,
      PageUp: place - page,
      Home: 0,
      End: last,
    });
    if (!Object.hasOwn(leads, event.key)) return;
    event.preventDefault();
    this._goTo(Math.min(last, Math.max(0, leads[event.key])));
  }

  /**
   * Put the focus on a line, as soon as it is known.
   *
   * @param {number} place
   */
  _goTo(place) {
    const height = this._height();
    const top = place * height;
    if (top < this._room.scrollTop) this._room.scrollTop = top;
    const bottom = top + height - this._room.clientHeight;
    if (bottom > this._room.scrollTop) this._room.scrollTop = bottom;
    this._awaited = place;
    this._draw();
  }

  /** @param {string} id */
  _focusOn(id) {
    this._awaited = -1;
    this._activate(id);
    this._views.get(id)?.link.focus({ preventScroll: true });
  }
}
