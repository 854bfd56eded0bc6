// Lists whose items are moved: by a handle that is dragged, or by the arrow keys on it.

import { el, tell } from "../shared/dom.js";

export class Order {
  /**
   * @param {HTMLElement} list its children are the items
   * @param {(from: number, to: number) => void} moved is told of each move when it is done
   */
  constructor(list, moved) {
    this._list = list;
    this._moved = moved;
    this.said = el("p", { class: "visually-hidden", role: "status" });
    /** @type {{item: HTMLElement, from: number, cancel: () => void}|null} */
    this._dragged = null;
  }

  /** The items in the order that has been told: one that is still dragged is where it was. */
  items() {
    const items = [...this._list.children];
    if (!this._dragged) return items;
    const { item, from } = this._dragged;
    return moved(items, items.indexOf(item), from);
  }

  /** Put back what is still dragged; for who is about to change the list. */
  cancel() {
    this._dragged?.cancel();
  }

  /**
   * Return the handle of an item.
   *
   * @param {() => HTMLElement} item
   * @param {() => string} called what the item is called
   */
  handle(item, called) {
    const handle = el("button", { type: "button", class: "handle" }, "⠿");
    handle.addEventListener("keydown", (event) => this._typed(event, item(), handle, called()));
    handle.addEventListener("pointerdown", (event) => this._drag(event, item(), handle, called()));
    this.name(handle, called());
    return handle;
  }

  /**
   * Say whose handle it is.
   *
   * @param {HTMLElement} handle
   * @param {string} called
   */
  name(handle, called) {
    handle.setAttribute("aria-label", `Move ${called}: drag it, or use the arrow keys`);
  }

  /**
   * @param {KeyboardEvent} event
   * @param {HTMLElement} item
   * @param {HTMLElement} handle
   * @param {string} called
   */
  _typed(event, item, handle, called) {
    const at = this._at(item);
    const places = this._list.children.length;
    const to = {
      ArrowUp: at - 1,
      ArrowLeft: at - 1,
      ArrowDown: at + 1,
      ArrowRight: at + 1,
      Home: 0,
      End: places - 1,
    }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    if (to < 0 || to >= places || to === at) return;
    this._place(item, to);
    handle.focus();
    this._done(at, to, called);
  }

  /**
   * @param {PointerEvent} begin
   * @param {HTMLElement} item
   * @param {HTMLElement} handle
   * @param {string} called
   */
  _drag(begin, item, handle, called) {
    const { pointerId, button } = begin;
    if (button !== 0) return;
    this.cancel();
    begin.preventDefault();
    handle.focus();
    const from = this._at(item);
    const over = new AbortController();
    const listen = (/** @type {string} */ name, /** @type {(event: any) => void} */ hear) =>
      window.addEventListener(name, hear, { signal: over.signal });
    const end = (/** @type {boolean} */ isKept) => {
      over.abort();
      this._dragged = null;
      item.classList.remove("dragged");
      if (!isKept) this._place(item, from);
      const to = this._at(item);
      handle.focus();
      if (to !== from) this._done(from, to, called);
    };
    item.classList.add("dragged");
    this._dragged = { item, from, cancel: () => end(false) };
    listen("pointermove", (/** @type {PointerEvent} */ event) => {
      if (event.pointerId === pointerId) this._follow(item, event.clientY);
    });
    listen("pointerup", (event) => event.pointerId === pointerId && end(true));
    listen("pointercancel", (event) => event.pointerId === pointerId && end(false));
    listen("keydown", (event) => event.key === "Escape" && end(false));
  }

  /**
   * Put an item where the pointer is.
   *
   * @param {HTMLElement} item
   * @param {number} y
   */
  _follow(item, y) {
    const others = [...this._list.children].filter((one) => one !== item);
    const isAbove = (/** @type {Element} */ one) => {
      const { top, height } = one.getBoundingClientRect();
      return top + height / 2 < y;
    };
    const to = others.filter(isAbove).length;
    if (to !== this._at(item)) this._place(item, to);
  }

  /** @param {HTMLElement} item */
  _at(item) {
    return [...this._list.children].indexOf(item);
  }

  /**
   * @param {HTMLElement} item
   * @param {number} to
   */
  _place(item, to) {
    const others = [...this._list.children].filter((one) => one !== item);
    this._list.insertBefore(item, others[to] ?? null);
  }

  /**
   * @param {number} from
   * @param {number} to
   * @param {string} called
   */
  _done(from, to, called) {
    this._moved(from, to);
    tell(this.said, `${called} is number ${to + 1} of ${this._list.children.length} now.`);
  }
}

/**
 * Return a list with one item moved.
 *
 * @template Item
 * @param {Item[]} items
 * @param {number} from
 * @param {number} to
 */
export function moved(items, from, to) {
  const [one] = items.slice(from, from + 1);
  const others = items.filter((_, index) => index !== from);
  return [...others.slice(0, to), one, ...others.slice(to)];
}
