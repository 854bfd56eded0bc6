// Shows a value of JSON folded: what is large is opened by who wants to see it.

import { heldWords, isCut, isFolded, isVector, leftOut, numbersWords, shortened } from "./json_words.js";
import { ApiError } from "../shared/api.js";
import { el } from "../shared/dom.js";

/** Levels that are open from the start, and how many items a list that is open may have. */
const OPEN = 3;
const MANY = 12;

/**
 * Returns the numbers that were left out at a path of the value.
 *
 * @typedef {(path: string[]) => Promise<number[]>} Unfold
 */

/**
 * Return an element that shows a value.
 *
 * @param {unknown} value
 * @param {Unfold} unfold
 * @param {string[]} path where in the whole it is
 * @returns {HTMLElement}
 */
export function jsonView(value, unfold, path = []) {
  if (isFolded(value)) return foldedView(value.numbers, value.first, () => unfold(path));
  if (isVector(value)) return foldedView(value.length, value, async () => value);
  if (isCut(value)) {
    const { characters, first } = value;
    return el("span", { class: "json-value" }, `“${first}… (${characters} characters)`);
  }
  if (typeof value === "string") return textView(value);
  if (typeof value !== "object" || value === null) {
    return el("span", { class: "json-value" }, String(value));
  }
  const entries = Object.entries(value);
  if (entries.length === 0) return el("span", { class: "json-value" }, heldWords(value));
  const isOpen = path.length < OPEN && entries.length <= MANY;
  return opening(heldWords(value), isOpen, () =>
    el(
      "ul",
      { class: "json" },
      ...entries.map(([key, one], index) => {
        const left = index === entries.length - 1 ? leftOut(key, one) : 0;
        if (left) return el("li", { class: "muted" }, `… and ${left} more`);
        return el("li", {}, el("strong", {}, key), " ", jsonView(one, unfold, [...path, key]));
      }),
    ),
  );
}

/**
 * @param {string} summary
 * @param {boolean} isOpen
 * @param {() => Node} content made when it is opened first
 */
function opening(summary, isOpen, content) {
  const node = el("details", { class: "fold", open: isOpen }, el("summary", {}, summary));
  let isMade = false;
  function make() {
    if (isMade || !node.open) return;
    isMade = true;
    node.append(content());
  }
  node.addEventListener("toggle", make);
  make();
  return node;
}

/**
 * @param {number} count
 * @param {number[]} first
 * @param {() => Promise<number[]>} all
 */
function foldedView(count, first, all) {
  return opening(numbersWords(count, first), false, () => {
    const shown = el(
      "pre",
      { class: "numbers", tabindex: "0", role: "group", "aria-label": `${count} numbers` },
      "…",
    );
    all().then(
      (numbers) => shown.replaceChildren(numbers.join(", ")),
      (error) => {
        if (!(error instanceof ApiError)) throw error;
        shown.replaceChildren(error.message);
      },
    );
    return shown;
  });
}

/** @param {string} text */
function textView(text) {
  const [shown, rest] = shortened(text);
  const node = el("span", { class: "json-value" }, `“${shown}`);
  if (!rest) {
    node.append("”");
    return node;
  }
  const button = el("button", { type: "button", class: "quiet more" }, `… ${rest.length} more letters`);
  button.addEventListener("click", () => button.replaceWith(`${rest}”`));
  node.append(button);
  return node;
}
