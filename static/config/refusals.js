// Errors at their fields.

import { nearestField } from "./fields.js";

/** @import { Problem } from "./fields.js" */
/** @import { Field, NamedField } from "./form.js" */

/** @typedef {{fields: () => NamedField[]}} Section */

/**
 * Show errors, each at the nearest field.
 *
 * @param {Section[]} sections
 * @param {(Problem & {path?: string})[]} errors
 * @returns {{field: Field|undefined, words: string}[]} the same with what each is called
 */
export function mark(sections, errors) {
  const fields = sections.flatMap((section) => section.fields());
  return errors.map(({ steps, path, text }) => {
    const nearest = nearestField(steps, fields);
    nearest?.field.refuse(text);
    const called = nearest?.called ?? path;
    return { field: nearest?.field, words: called ? `${called}: ${text}` : text };
  });
}

/**
 * Take all errors back.
 *
 * @param {Section[]} sections
 */
export function clearErrors(sections) {
  for (const { field } of sections.flatMap((section) => section.fields())) field.clear();
}
