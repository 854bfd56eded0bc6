// The entry of a machine: read for editing, and written back with nothing changed but
// what the user has changed. Pure.

import { LIMIT, OPTIONS, TASKS, WAKE } from "./backend_settings.js";
import { problemOf, put, putPart, shownValue, textOf } from "./values.js";

/** @import { Backend, JsonObject } from "../shared/answers.d.ts" */
/** @import { Problem, Step } from "./fields.js" */
/** @import { Setting } from "./values.js" */

/**
 * A machine while it is edited; `saved` is undefined for a new one. `texts` are what
 * stands in the fields of its options, `wake` in those of waking it, by name.
 *
 * @typedef {{saved: Backend|undefined, name: string, url: string,
 *     texts: Record<string, string>, limits: {task: string, text: string}[],
 *     wake: Record<string, string>}} EditedBackend
 */

/** Until when it is disabled is set on the overview, and kept here. */
const KNOWN = ["name", "url", "limits", "wakeOnLan", "disabledUntil", ...OPTIONS.map(({ name }) => name)];

/**
 * Return an editable machine.
 *
 * @param {Backend|undefined} saved
 * @returns {EditedBackend}
 */
export function readBackend(saved) {
  const limits = saved?.limits;
  return {
    saved,
    name: saved ? saved.name : "",
    url: saved ? saved.url : "",
    texts: textsOf(saved, OPTIONS),
    limits: tasksOf(saved).map((task) => ({ task, text: shownValue(LIMIT, limits?.[task]) })),
    wake: textsOf(saved?.wakeOnLan, WAKE),
  };
}

/**
 * Return the entry to save.
 *
 * @param {EditedBackend} backend
 */
export function writeBackend(backend) {
  const { saved, name, url } = backend;
  /** @type {Backend} */
  const entry = { ...saved, name, url };
  for (const option of OPTIONS) put(entry, option, backend.texts[option.name]);
  putPart(entry, "limits", backend.limits.map(({ task, text }) => [{ ...LIMIT, name: task }, text]));
  putPart(entry, "wakeOnLan", WAKE.map((option) => [option, backend.wake[option.name]]));
  return entry;
}

/**
 * Return what cannot be sent, in the order of the page.
 *
 * @param {EditedBackend} backend
 * @returns {Problem[]} steps from the machine on
 */
export function backendProblems({ saved, name, url, texts, limits, wake }) {
  /** @type {Problem[]} */
  const found = [];
  const refuse = (/** @type {Step[]} */ steps, /** @type {string} */ text) => {
    if (text) found.push({ steps, text });
  };
  if (name === "") refuse(["name"], "Give the machine a name.");
  if (url === "") refuse(["url"], "Say where it is, such as http://192.168.1.20:3003.");
  for (const option of OPTIONS) {
    refuse([option.name], problemOf(saved, option, texts[option.name]));
  }
  for (const { task, text } of limits) {
    refuse(["limits", task], problemOf(saved?.limits, { ...LIMIT, name: task }, text));
  }
  for (const option of WAKE) {
    refuse(["wakeOnLan", option.name], problemOf(saved?.wakeOnLan, option, wake[option.name]));
  }
  return found;
}

/**
 * Return how many of the fields are set that may be left out.
 *
 * @param {EditedBackend} backend
 */
export function countSet({ texts, limits, wake }) {
  const options = OPTIONS.filter(({ name, choices }) => texts[name] !== (choices?.[0].value ?? ""));
  return options.length + limits.filter(({ text }) => text).length + (wake.mac ? 1 : 0);
}

/**
 * Return the fields that only a newer proxy knows; they stay as they are.
 *
 * @param {Backend|undefined} saved
 * @returns {JsonObject}
 */
export function unknownOf(saved) {
  return Object.fromEntries(Object.entries(saved ?? {}).filter(([name]) => !KNOWN.includes(name)));
}

/**
 * Return the tasks to offer limits for, each in the spelling in which it is saved.
 *
 * @param {Backend|undefined} saved
 */
function tasksOf(saved) {
  const kept = Object.keys(saved?.limits ?? {});
  const spelled = TASKS.map(
    ({ task }) => kept.find((key) => key.replaceAll("_", "-") === task) ?? task,
  );
  return [...new Set([...spelled, ...kept])];
}

/**
 * @param {JsonObject|null|undefined} owner
 * @param {Setting[]} options
 */
function textsOf(owner, options) {
  return Object.fromEntries(options.map((option) => [option.name, textOf(owner, option)]));
}
