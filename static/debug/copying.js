// Copies a text, where the browser lets the page; else it is shown to be copied by hand.

import { el } from "../shared/dom.js";

/**
 * Copy a text.
 *
 * @param {string} text
 * @param {HTMLElement} told is filled with what came of it
 */
export async function copy(text, told) {
  try {
    await navigator.clipboard.writeText(text);
    told.replaceChildren(el("p", {}, "Copied."));
  } catch {
    // Browsers lend the clipboard to pages over https and on localhost only.
    const label = "Selected, to be copied by hand";
    const field = el("textarea", { readonly: true, rows: 6, "aria-label": label }, text);
    told.replaceChildren(el("p", {}, `${label}:`), field);
    field.select();
  }
}
