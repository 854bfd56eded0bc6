// Asks the user before something is lost, or begun.

import { el, freshId } from "./dom.js";

/**
 * What a button says, and stands for; `looks`: `bad` where something is lost. The one that is
 * `first` has the focus: Enter will do.
 *
 * @typedef {{label: string, value: string, looks?: string, first?: boolean}} Answer
 */

/**
 * Ask in a dialog.
 *
 * @param {string} question
 * @param {string[]} details one paragraph each
 * @param {string} action what the button says that goes ahead
 * @param {string} looks of that button: `bad` where something is lost
 * @returns {Promise<boolean>} whether to go ahead; closing the dialog means no
 */
export async function ask(question, details, action, looks = "bad") {
  const paragraphs = details.map((text) => el("p", {}, text));
  const chosen = await choose(question, paragraphs, [{ label: action, value: "yes", looks }]);
  return chosen === "yes";
}

/**
 * Ask in a dialog with any content.
 *
 * @param {string} question
 * @param {Node[]} content
 * @param {Answer[]} answers beside Cancel
 * @returns {Promise<string>} the value of the one that was chosen; empty: none
 */
export function choose(question, content, answers) {
  const title = el("h2", { id: freshId() }, question);
  const buttons = answers.map(({ label, value, looks, first }) =>
    el(
      "button",
      { type: "button", class: looks, autofocus: first, onclick: () => dialog.close(value) },
      label,
    ),
  );
  /** @type {HTMLDialogElement} */
  const dialog = el(
    "dialog",
    { "aria-labelledby": title.id, onclose: () => dialog.remove() },
    title,
    ...content,
    el(
      "p",
      { class: "actions" },
      el("button", { type: "button", onclick: () => dialog.close() }, "Cancel"),
      ...buttons,
    ),
  );
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue));
  });
}
