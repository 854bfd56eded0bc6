// What a backend's owner says that it can do, as a text: "clip: ViT-B-32__openai; ocr". Pure.
//
// Tasks stand between semicolons, the models of one behind a colon, between commas. A star
// is any other task; without it, the tasks that are named are all that it does.

/** @import { Abilities } from "../shared/answers.d.ts" */

const ANY = "*";

/**
 * Return the text of what is saved; empty if nothing is.
 *
 * @param {Abilities|null|undefined} saved
 */
export function abilitiesText(saved) {
  if (!saved) return "";
  const models = Object.entries(saved.models ?? {});
  const tasks = [saved.tasks ?? [...models.map(([task]) => task), ANY]].flat();
  const alike = (/** @type {string} */ task) => String(task).replaceAll("_", "-");
  return tasks
    .map((task) => {
      const found = models.find(([key]) => alike(key) === alike(task));
      return found ? `${task}: ${[found[1]].flat().join(", ")}` : task;
    })
    .join("; ");
}

/**
 * Return what to save of a text that is not empty; fields that only a newer proxy knows
 * stay.
 *
 * @param {string} text
 * @param {Abilities|null|undefined} saved
 */
export function abilitiesOf(text, saved) {
  const parts = split(text, ";").map((part) => {
    const [task, ...models] = part.split(":");
    return { task: task.trim(), models: models.length > 0 && split(models.join(":"), ",") };
  });
  /** @type {Abilities} */
  const abilities = { ...saved };
  delete abilities.tasks;
  delete abilities.models;
  if (!parts.some(({ task }) => task === ANY)) abilities.tasks = parts.map(({ task }) => task);
  const limited = parts.flatMap(({ task, models }) => (models ? [[task, models]] : []));
  if (limited.length > 0) abilities.models = Object.fromEntries(limited);
  return abilities;
}

/**
 * @param {string} text
 * @param {string} separator
 */
function split(text, separator) {
  return text
    .split(separator)
    .map((part) => part.trim())
    .filter(Boolean);
}
