// How a value of JSON is shown folded. Pure.

/** @import { CutText, Folded } from "./debug.d.ts" */

/** So many numbers are shown of a list of numbers, and so many letters of a text. */
const NUMBERS = 3;
const LETTERS = 300;
/** Lists of numbers that are longer are folded: a box has four to eight. */
const SHORT = 8;

/**
 * Whether a value stands for numbers that were left out.
 *
 * @param {unknown} value
 * @returns {value is Folded}
 */
export function isFolded(value) {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const { numbers, first } = /** @type {Partial<Folded>} */ (value);
  return typeof numbers === "number" && Array.isArray(first) && Object.keys(value).length === 2;
}

/**
 * Whether a value stands for a text that was cut.
 *
 * @param {unknown} value
 * @returns {value is CutText}
 */
export function isCut(value) {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const { characters, first } = /** @type {Partial<CutText>} */ (value);
  return typeof characters === "number" && typeof first === "string" && Object.keys(value).length === 2;
}

/**
 * Return how many items or fields of a list or an object were left out.
 *
 * @param {string} key of the last one
 * @param {unknown} value of it
 * @returns {number} 0: none, it is one of them
 */
export function leftOut(key, value) {
  if (key === "…" && typeof value === "number") return value;
  if (typeof value !== "object" || value === null || Array.isArray(value)) return 0;
  const { more } = /** @type {{more?: unknown}} */ (value);
  return typeof more === "number" && Object.keys(value).length === 1 ? more : 0;
}

/**
 * Return where in a value of JSON something is, as RFC 6901 puts it.
 *
 * @param {string[]} path
 */
export function pointerTo(path) {
  return path.map((step) => `/${step.replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

/**
 * Whether a value is a list of numbers, and a long one.
 *
 * @param {unknown} value
 * @returns {value is number[]}
 */
export function isVector(value) {
  return (
    Array.isArray(value) && value.length > SHORT && value.every((one) => typeof one === "number")
  );
}

/**
 * Say what a list of numbers is: "512 numbers: 0.01, -0.23, 0.4, …".
 *
 * @param {number} count
 * @param {number[]} first
 */
export function numbersWords(count, first) {
  const shown = first.slice(0, NUMBERS).map((one) => String(Number(one.toPrecision(4))));
  const rest = count > shown.length ? ", …" : "";
  return `${count} numbers: ${shown.join(", ")}${rest}`;
}

/**
 * Say what a list or an object holds: "3 entries".
 *
 * @param {object} value
 */
export function heldWords(value) {
  const count = Object.keys(value).length;
  const noun = Array.isArray(value) ? "item" : "field";
  return count === 0 ? "empty" : `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/**
 * Return a text short enough to be shown, and what is left of it.
 *
 * @param {string} text
 * @returns {[string, string]}
 */
export function shortened(text) {
  if (text.length <= LETTERS) return [text, ""];
  return [text.slice(0, LETTERS), text.slice(LETTERS)];
}
