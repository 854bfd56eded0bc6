// Fields that are texts while they are edited; an empty one is not set. Pure.

/** @import { JsonObject } from "../shared/answers.d.ts" */

/**
 * Return the text of a field; empty if `owner` does not have it.
 *
 * @param {JsonObject|null|undefined} owner
 * @param {string} name
 */
export function textOf(owner, name) {
  return String(owner?.[name] ?? "");
}

/**
 * Set a field to what was typed, or take it out; what was not changed stays.
 *
 * @param {JsonObject} owner
 * @param {string} name
 * @param {string} text
 * @param {(text: string, name: string) => unknown} valueOf what to save of a text
 */
export function put(owner, name, text, valueOf = Number) {
  if (text === textOf(owner, name)) return;
  if (text === "") delete owner[name];
  else owner[name] = valueOf(text, name);
}

/**
 * Set several fields of the object under `name` in `owner`; without any of them, it is
 * taken out as well.
 *
 * @template {string} Name
 * @param {{[name in Name]?: JsonObject|null}} owner
 * @param {Name} name
 * @param {[string, string][]} texts names and what was typed
 * @param {(text: string, name: string) => unknown} valueOf what to save of a text
 */
export function putPart(owner, name, texts, valueOf) {
  /** @type {JsonObject} */
  const part = { ...owner[name] };
  if (texts.every(([key, text]) => text === textOf(part, key))) return;
  for (const [key, text] of texts) put(part, key, text, valueOf);
  if (texts.every(([, text]) => text === "")) delete owner[name];
  else owner[name] = part;
}

/**
 * Return what to save of a number that may be left to the proxy.
 *
 * @param {string} text
 */
export function numberOrAuto(text) {
  return text.toLowerCase() === "auto" ? "auto" : Number(text);
}

/**
 * Whether what was typed cannot be saved as a number.
 *
 * @param {JsonObject|null|undefined} owner
 * @param {string} name
 * @param {string} text
 */
export function isNoNumber(owner, name, text) {
  return text !== textOf(owner, name) && !Number.isFinite(Number(text));
}
