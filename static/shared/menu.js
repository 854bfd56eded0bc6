// A button that opens a list of what can be done, each with what it will do.

import { el } from "./dom.js";

/** @typedef {{label: string, hint: string, act: () => void}} Item */

/** Pixels between a menu and the window's edge. */
const MARGIN = 8;

/**
 * Return the button, and the menu that it opens.
 *
 * @param {string} label what it is a menu of, for a screen reader
 * @param {() => Item[]} items what is offered when it is opened
 * @returns {Node[]}
 */
export function menu(label, items) {
  const list = el("div", { class: "menu", popover: "auto", role: "group", "aria-label": label });
  const button = el(
    "button",
    { type: "button", class: "menu-button", "aria-label": label, "aria-expanded": "false" },
    "⋯",
  );
  button.popoverTargetElement = list;
  list.addEventListener("beforetoggle", (event) => {
    if (event.newState === "open") list.replaceChildren(...items().map(itemButton));
  });
  list.addEventListener("toggle", (event) => {
    const isOpen = event.newState === "open";
    button.setAttribute("aria-expanded", String(isOpen));
    if (!isOpen) return;
    place(list, button.getBoundingClientRect());
    list.querySelector("button")?.focus();
  });

  /** @param {Item} item */
  function itemButton({ label: text, hint, act }) {
    function onclick() {
      list.hidePopover();
      act();
    }
    return el("button", { type: "button", onclick }, text, el("small", {}, hint));
  }

  return [button, list];
}

/**
 * Put a menu below its button, or above it where there is more room.
 *
 * @param {HTMLElement} list
 * @param {DOMRect} by
 */
function place(list, by) {
  const { width, height } = list.getBoundingClientRect();
  const below = by.bottom + height + MARGIN <= window.innerHeight;
  list.style.left = `${Math.max(MARGIN, by.right - width)}px`;
  list.style.top = `${Math.max(MARGIN, below ? by.bottom : by.top - height)}px`;
}
