// Fields that are texts while they are edited; an empty one is not set. Pure.

/** Return the text of a field; empty if `owner` does not have it. */
export function textOf(owner, name) {
  return String(owner?.[name] ?? "");
}

/**
 * Set a field to what was typed, or take it out; what was not changed stays.
 *
 * @param {(text: string, name: string) => *} valueOf what to save of a text
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
 * @param {[string, string][]} texts names and what was typed
 */
export function putPart(owner, name, texts, valueOf) {
  const part = { ...owner[name] };
  if (texts.every(([key, text]) => text === textOf(part, key))) return;
  for (const [key, text] of texts) put(part, key, text, valueOf);
  if (texts.every(([, text]) => text === "")) delete owner[name];
  else owner[name] = part;
}

/** Whether what was typed cannot be saved as a number. */
export function isNoNumber(owner, name, text) {
  return text !== textOf(owner, name) && !Number.isFinite(Number(text));
}
