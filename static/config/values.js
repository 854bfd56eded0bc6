// Fields that are texts while they are edited; an empty one is not set. Pure.

import { shownIn, typedIn, wantedIn } from "./units.js";

/** @import { JsonObject } from "../shared/answers.d.ts" */
/** @import { Kind } from "./units.js" */

/** @typedef {{value: string, label: string, hint?: string}} Choice */

/**
 * A field that may be left out. `byDefault` says in words what holds then, `about` what it
 * is for, in a line. `kind` makes it a number with a unit, for which `words` may stand, too;
 * `choices` one of these texts, the default first; `show` and `read` turn what is saved into
 * a text and back; else it is a text. What `isSecret` is not repeated.
 *
 * @template {string} [Name=string]
 * @typedef {{name: Name, label: string, byDefault?: string, about?: string, example?: string,
 *     kind?: Kind, words?: string[], choices?: Choice[], isSecret?: boolean,
 *     show?: (value: any) => string, read?: (text: string, saved: any) => unknown}} Setting
 */

/**
 * Return what stands in the field of a value.
 *
 * @param {Setting} setting
 * @param {unknown} value as it is saved; undefined or null: it is not set
 */
export function shownValue({ kind, show }, value) {
  if (value === undefined || value === null) return "";
  if (show) return show(value);
  return kind && typeof value === "number" ? shownIn(kind, value) : String(value);
}

/**
 * Return what stands in a setting's field; a choice always has a value.
 *
 * @param {JsonObject|null|undefined} owner
 * @param {Setting} setting
 */
export function textOf(owner, setting) {
  return shownValue(setting, owner?.[setting.name]) || (setting.choices?.[0].value ?? "");
}

/**
 * Set a field to what was typed, or take it out; what means the same stays as it was.
 *
 * @param {JsonObject} owner
 * @param {Setting} setting
 * @param {string} text
 */
export function put(owner, setting, text) {
  const { name } = setting;
  if (text === textOf(owner, setting)) return;
  const value = valueOf(setting, text, owner[name]);
  if (text === "") delete owner[name];
  else if (JSON.stringify(value) !== JSON.stringify(owner[name])) owner[name] = value;
}

/**
 * Set the fields of the object under `name` in `owner`; without any of them, it is taken out
 * as well.
 *
 * @param {JsonObject} owner
 * @param {string} name
 * @param {[Setting, string][]} texts what was typed
 */
export function putPart(owner, name, texts) {
  const part = { .../** @type {JsonObject} */ (owner[name]) };
  if (texts.every(([setting, text]) => text === textOf(part, setting))) return;
  for (const [setting, text] of texts) put(part, setting, text);
  if (texts.every(([, text]) => text === "")) delete owner[name];
  else owner[name] = part;
}

/**
 * Return what is wrong with what was typed; empty if it can be sent.
 *
 * @param {JsonObject|null|undefined} owner
 * @param {Setting} setting
 * @param {string} text
 */
export function problemOf(owner, setting, text) {
  const { kind, words = [] } = setting;
  if (!kind || text === "" || text === textOf(owner, setting)) return "";
  if (words.includes(text.toLowerCase()) || typedIn(kind, text) !== undefined) return "";
  const also = words.map((word) => ` or ${word}`).join("");
  return `“${text}” cannot be read: type ${wantedIn(kind)}${also}.`;
}

/**
 * Return a text as it is shown once it is saved: "3600" becomes "1 h".
 *
 * @param {Setting} setting
 * @param {string} text
 */
export function tidied(setting, text) {
  const number = setting.kind && typedIn(setting.kind, text);
  return setting.kind && number !== undefined ? shownIn(setting.kind, number) : text;
}

/**
 * Return what is said below a setting's field.
 *
 * @param {Setting} setting
 */
export function hintOf({ about, byDefault }) {
  return [about, byDefault && `Default: ${byDefault}.`].filter(Boolean).join(" ");
}

/**
 * Return the choices to offer; one that only a newer proxy knows stays chosen.
 *
 * @param {Choice[]} choices
 * @param {string} text
 */
export function choicesFor(choices, text) {
  if (choices.some(({ value }) => value === text)) return choices;
  return [...choices, { value: text, label: text }];
}

/**
 * @param {Setting} setting
 * @param {string} text
 * @param {unknown} saved
 */
function valueOf({ kind, words = [], read }, text, saved) {
  const small = text.toLowerCase();
  if (words.includes(small)) return small;
  if (kind) return typedIn(kind, text) ?? text;
  return read ? read(text, saved) : text;
}
