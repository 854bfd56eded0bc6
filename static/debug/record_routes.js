// Which routes a recorded request went by. Pure.

/** @import { DebugRecord } from "../shared/answers.d.ts" */

/**
 * Return the keys of the routes of a request; none if it does not ask for any work.
 *
 * @param {DebugRecord} record
 * @param {string[]} keys of all configured routes but the default one
 */
export function routesOf({ request }, keys) {
  const routes = new Map(keys.map((key) => [key.replaceAll("_", "-"), key]));
  const text = request.body?.parts?.find(({ name }) => name === "entries")?.value;
  const found = Object.entries(entriesOf(text)).flatMap(([task, types]) =>
    unitsOf(types).map((unit) => {
      const exact = unit.flatMap((type) => [`${task}/${type}`, type]);
      const tried = [...exact, task].map((key) => key.replaceAll("_", "-"));
      return tried.find((key) => routes.has(key)) ?? "default";
    }),
  );
  return [...new Set(found)];
}

/**
 * Return what runs on one machine each: a recognition needs its detection's output.
 *
 * @param {unknown} types
 * @returns {string[][]}
 */
function unitsOf(types) {
  const names = Object.keys(isObject(types) ? types : {});
  return names.includes("recognition") ? [names] : names.map((name) => [name]);
}

/** @param {string|null|undefined} text @returns {object} */
function entriesOf(text) {
  try {
    const entries = JSON.parse(text ?? "{}");
    return isObject(entries) ? entries : {};
  } catch {
    return {};
  }
}

/** @param {unknown} value @returns {value is object} */
function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
