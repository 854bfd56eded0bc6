// Asks the user before something is lost, or begun.

import { el, freshId } from "./dom.js";

/**
 * Ask in a dialog.
 *
 * @param {string} question
 * @param {string[]} details one paragraph each
 * @param {string} action what the button says that goes ahead
 * @param {string} looks of that button: `bad` where something is lost
 * @returns {Promise<boolean>} whether to go ahead; closing the dialog means no
 */
export function ask(question, details, action, looks = "bad") {
  const title = el("h2", { id: freshId() }, question);
  /** @type {HTMLDialogElement} */
  const dialog = el(
    "dialog",
    { "aria-labelledby": title.id, onclose: () => dialog.remove() },
    title,
    ...details.map((text) => el("p", {}, text)),
    el(
      "p",
      { class: "actions" },
      el("button", { type: "button", onclick: () => dialog.close() }, "Cancel"),
      el("button", { type: "button", class: looks, onclick: () => dialog.close("yes") }, action),
    ),
  );
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"));
  });
}
