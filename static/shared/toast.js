// Tells in a corner what was done, and offers to undo it.

import { el } from "./dom.js";

/** @type {HTMLElement|undefined} */
let corner;

/**
 * Tell something, in place of what was told before. It stays until it is closed: who
 * reads slowly has the time to, and to undo it.
 *
 * @param {string} text
 * @param {{isBad?: boolean, undo?: () => void}} options
 */
export function toast(text, { isBad = false, undo } = {}) {
  if (!corner) {
    corner = el("div", { id: "toasts", role: "status" });
    document.body.append(corner);
  }
  /** @type {HTMLElement} */
  const shown = el("div", { class: "toast", "data-tone": isBad ? "bad" : "note" }, el("p", {}, text));
  const done = () => shown.remove();
  if (undo) shown.append(undoButton(undo, done));
  const close = { type: "button", class: "quiet", "aria-label": "Close", onclick: done };
  shown.append(el("button", close, "✕"));
  corner.replaceChildren(shown);
}

/**
 * @param {() => void} undo
 * @param {() => void} done
 */
function undoButton(undo, done) {
  function onclick() {
    done();
    undo();
  }
  return el("button", { type: "button", "data-undo": true, onclick }, "Undo");
}
