// What differs between two configurations, in words: "nas: weight 1 → 2". Pure.

import { LIMIT, OPTIONS, WAKE, taskLabel } from "./backend_settings.js";
import { ROUTE_NUMBERS, longForm, strategyWords } from "./routes.js";
import { SETTINGS, settingsWithin } from "./settings.js";
import { targetWords } from "./targets.js";
import { shownValue } from "./values.js";
import { routeWord, sentence } from "../shared/words.js";

/** @import { RouteValue } from "../shared/answers.d.ts" */
/** @import { Change } from "./changes.js" */
/** @import { Step } from "./fields.js" */
/** @import { Setting } from "./values.js" */

/** @typedef {{what: string, before: string, after: string}} Words */

/** Longest value that is told in full. */
const LONGEST = 80;

/**
 * Return what was changed, from what, to what.
 *
 * @param {Change} change
 * @returns {Words}
 */
export function changeWords({ path, before, after }) {
  const { what, show } = described(path);
  const shown = /** @type {[string, string]} */ ([before, after].map((value) => shortened(show(value))));
  // What is hidden, or too long, still has changed.
  if (shown[0] === shown[1]) shown[1] = "another one";
  return { what, before: shown[0], after: shown[1] };
}

/**
 * Return a change as a line: "nas: weight 1 → 2".
 *
 * @param {Change} change
 */
export function changeLine(change) {
  const { what, before, after } = changeWords(change);
  return `${what} ${before} → ${after}`;
}

/**
 * @param {Step[]} path
 * @returns {{what: string, show: (value: any) => string}}
 */
function described(path) {
  const [first, second, ...rest] = path.map(String);
  if (first === "backends" && second === undefined) {
    return { what: "Order of the machines:", show: (names) => names.join(", ") };
  }
  if (first === "backends") return ofBackend(second, rest);
  if (first === "defaultBackend") return ofRoute("default", second);
  if (first === "notify") {
    return { what: "Who is told:", show: (targets) => (targets ?? []).map(targetWords).join("; ") || "nobody" };
  }
  if (first === "taskRouting") return ofRoute(second, rest[0]);
  const setting = (second === undefined ? SETTINGS : settingsWithin(first)).find(
    ({ name }) => name === (second ?? first),
  );
  if (!setting && settingsWithin(first).length > 0) {
    return { what: `${sentence(first)}:`, show: (value) => (value ? "set" : "none") };
  }
  return setting ? { what: `${setting.label}:`, show: inWords(setting) } : unknown(path.join("."));
}

/**
 * @param {string} name
 * @param {string[]} rest
 */
function ofBackend(name, [field, within]) {
  const of = `${name || "the new machine"}:`;
  if (field === undefined) {
    return { what: of, show: (/** @type {any} */ value) => value?.url ?? "no such machine" };
  }
  if (field === "name") return { what: `${of} name`, show: String };
  if (field === "url") return { what: `${of} address`, show: String };
  if (field === "limits" && within !== undefined) {
    return { what: `${of} requests at once for ${smallWords(taskLabel(within))}`, show: inWords(LIMIT) };
  }
  if (field === "headers" && within !== undefined) {
    return { what: `${of} header ${within}`, show: hidden };
  }
  const setting = (field === "wakeOnLan" ? WAKE : OPTIONS).find(({ name: one }) => one === (within ?? field));
  if (setting) return { what: `${of} ${smallWords(setting.label)}`, show: inWords(setting) };
  if (field === "wakeOnLan") {
    return { what: `${of} waking it`, show: (/** @type {any} */ value) => value?.mac ?? "not at all" };
  }
  const { what, show } = unknown([field, within].filter(Boolean).join("."));
  return { what: `${of} ${what}`, show };
}

/**
 * @param {string} key
 * @param {string|undefined} field
 * @returns {{what: string, show: (value: any) => string}}
 */
function ofRoute(key, field) {
  const word = routeWord(key.replaceAll("_", "-"));
  const of = `${word === key ? key : sentence(word)}:`;
  if (field === undefined) return { what: of, show: takers };
  if (field === "backends") return { what: of, show: takers };
  if (field === "strategy") {
    return { what: `${of} chosen`, show: (value) => strategyWords(value ?? "round_robin") };
  }
  const number = ROUTE_NUMBERS.find(({ name }) => name === field);
  if (number) return { what: `${of} ${smallWords(number.label)}`, show: inWords(number) };
  const yesOrNo = (/** @type {unknown} */ value) => (value ? "yes" : "no");
  if (field === "fallback") {
    return { what: `${of} done by the others if none of these is up`, show: yesOrNo };
  }
  if (field === "spill") return { what: `${of} goes on when one is full`, show: yesOrNo };
  const { what, show } = unknown(field);
  return { what: `${of} ${what}`, show };
}

/** @param {RouteValue|undefined} value */
function takers(value) {
  if (value === undefined) return "no machines of its own";
  return longForm(value).backends.join(", ") || "no machine";
}

/** @param {Setting} setting */
function inWords(setting) {
  return (/** @type {unknown} */ value) => {
    if (setting.isSecret) return hidden(value);
    const chosen = setting.choices?.find((one) => one.value === value)?.label;
    const [byDefault = "none"] = setting.byDefault?.split(",") ?? [];
    return (chosen && smallWords(chosen)) || shownValue(setting, value) || byDefault;
  };
}

/** @param {unknown} value */
function hidden(value) {
  return value === undefined || value === null || value === "" ? "none" : "hidden";
}

/** @param {string} name */
function unknown(name) {
  return {
    what: `${name}:`,
    show: (/** @type {unknown} */ value) => (value === undefined ? "not set" : JSON.stringify(value)),
  };
}

/** @param {string} text */
function shortened(text) {
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
}

/** "MAC address" stays as it is. @param {string} label */
function smallWords(label) {
  return /^[A-Z][a-z ]/.test(label) ? label.charAt(0).toLowerCase() + label.slice(1) : label;
}
