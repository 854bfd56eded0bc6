// Paths of fields, as the proxy names them: backends[1].url,
// taskRouting["clip/textual"].backends[0]. Pure.

/** @typedef {string|number} Step A name, or a number in a list. */
/** @typedef {{steps: Step[], text: string}} Problem What cannot be sent, and where. */

// A name, a number in brackets, or a JSON string in brackets.
const STEP =
  /\.?([A-Za-z_][\w-]*)|\[(\d+)\]|\[("(?:[^"\\\p{Cc}]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*")\]/uy;

/**
 * Return the steps of a path; those up to where it makes no sense.
 *
 * @param {string} path
 */
export function stepsOf(path) {
  /** @type {Step[]} */
  const steps = [];
  STEP.lastIndex = 0;
  for (let found = STEP.exec(path); found; found = STEP.exec(path)) {
    const [, name, number, quoted] = found;
    if (name !== undefined) steps.push(name);
    else if (number !== undefined) steps.push(Number(number));
    else steps.push(JSON.parse(quoted));
  }
  return steps;
}

/**
 * Return the field that is meant by `steps` or that holds what is meant.
 *
 * @template {{steps: Step[]}} Field
 * @param {Step[]} steps
 * @param {Field[]} fields
 * @returns {Field|undefined} the one whose steps are the longest beginning of `steps`
 */
export function nearestField(steps, fields) {
  const holds = (/** @type {Field} */ field) =>
    field.steps.every((step, index) => step === steps[index]);
  return fields
    .filter(holds)
    .sort((one, other) => other.steps.length - one.steps.length)
    .at(0);
}
