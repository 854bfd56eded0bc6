// The entry of a backend: read for editing, and written back with nothing changed but
// what the user has changed. Pure.

import { abilitiesOf, abilitiesText } from "./abilities.js";
import { headersOf, headersText } from "./headers.js";
import { isNoNumber, numberOrAuto, put, putPart, textOf } from "./texts.js";

/** @import { Backend } from "../shared/answers.d.ts" */
/** @import { Problem } from "./fields.js" */
/** @import { Setting } from "./settings.js" */

/**
 * A backend while it is edited; `saved` is undefined for a new one.
 *
 * @typedef {{saved: Backend|undefined, name: string, url: string, state: string,
 *     weight: string, maxConcurrent: string, abilities: string, headers: string,
 *     caFile: string,
 *     limits: {task: string, text: string}[],
 *     wake: Record<"mac"|"broadcast"|"port", string>}} EditedBackend
 */

/** The states that can be chosen, the default first; `hint` says more. */
export const STATES = [
  { value: "enabled", label: "Enabled" },
  { value: "drain", label: "Drain", hint: "Finishes what it has and takes nothing new." },
  { value: "disabled", label: "Disabled", hint: "Gets no work and is not checked." },
];

const DEFAULT_STATE = STATES[0].value;

/** What Immich asks for; a limit can be set for each. */
export const TASKS = [
  { task: "clip", label: "Searches and pictures" },
  { task: "facial-recognition", label: "Faces" },
  { task: "ocr", label: "Text in pictures" },
];

/** @type {Setting<"weight">} */
export const WEIGHT = {
  name: "weight",
  label: "Weight",
  byDefault: 1,
  note: "Its size beside the others’, for “The least busy”.",
};

/** @type {Setting<"maxConcurrent">} */
export const MAX_CONCURRENT = {
  name: "maxConcurrent",
  label: "Requests at once",
  byDefault: "auto",
  note: "“auto” finds out what it can work on.",
};

/** @type {Setting<"abilities">} */
export const ABILITIES = {
  name: "abilities",
  label: "Can do",
  byDefault: "what is found out",
  note: "Tasks, with models if not all: “clip: ViT-B-32__openai, RN50__openai; ocr”.",
};

/** @type {Setting<"headers">} */
export const HEADERS = {
  name: "headers",
  label: "Headers",
  example: "Authorization: Bearer …",
  note:
    "Sent with every request, for a login. Shown as ***, which keeps what there is; " +
    "to be typed again where the URL leads to another server.",
};

/** @type {Setting<"caFile">} */
export const CA_FILE = {
  name: "caFile",
  label: "Certificates",
  example: "/etc/immich-ml-proxy/ca.pem",
  note: "For https with a certificate of your own: who has signed it, a file of the proxy.",
};

/**
 * How it is woken; without a MAC address it is not.
 *
 * @type {Setting<"mac"|"broadcast"|"port">[]}
 */
export const WAKE = [
  { name: "mac", label: "MAC address", example: "00:11:22:aa:bb:cc" },
  { name: "broadcast", label: "Broadcast address", byDefault: "255.255.255.255" },
  { name: "port", label: "UDP port", byDefault: 9 },
];

/**
 * Return an editable backend.
 *
 * @param {Backend|undefined} saved
 * @returns {EditedBackend}
 */
export function readBackend(saved) {
  const wake = saved?.wakeOnLan;
  return {
    saved,
    name: saved ? saved.name : "",
    url: saved ? saved.url : "",
    state: stateOf(saved),
    weight: textOf(saved, "weight"),
    maxConcurrent: textOf(saved, "maxConcurrent"),
    abilities: abilitiesText(saved?.abilities),
    headers: headersText(saved?.headers),
    caFile: textOf(saved, "caFile"),
    limits: tasksOf(saved).map((task) => ({ task, text: textOf(saved?.limits, task) })),
    wake: {
      mac: textOf(wake, "mac"),
      broadcast: textOf(wake, "broadcast"),
      port: textOf(wake, "port"),
    },
  };
}

/**
 * Return the entry to save.
 *
 * @param {EditedBackend} backend
 */
export function writeBackend(backend) {
  const { saved, name, url, state } = backend;
  /** @type {Backend} */
  const entry = { ...saved, name, url };
  if (state !== stateOf(saved)) entry.state = state;
  put(entry, "weight", backend.weight);
  put(entry, "maxConcurrent", backend.maxConcurrent, numberOrAuto);
  /** @type {[string, string][]} */
  const limits = backend.limits.map(({ task, text }) => [task, text]);
  putPart(entry, "limits", limits, Number);
  putPart(entry, "wakeOnLan", Object.entries(backend.wake), wakeValueOf);
  if (backend.abilities !== abilitiesText(saved?.abilities)) {
    if (backend.abilities === "") delete entry.abilities;
    else entry.abilities = abilitiesOf(backend.abilities, saved?.abilities);
  }
  if (backend.headers !== headersText(saved?.headers)) {
    if (backend.headers === "") delete entry.headers;
    else entry.headers = headersOf(backend.headers);
  }
  put(entry, "caFile", backend.caFile, (text) => text.trim());
  return entry;
}

/**
 * Return what cannot be sent, in the order of the page.
 *
 * @param {EditedBackend} backend
 * @returns {Problem[]} steps from the backend on
 */
export function backendProblems({ saved, name, url, weight, maxConcurrent, limits, wake }) {
  /** @type {Problem[]} */
  const found = [];
  const refuse = (/** @type {string[]} */ steps, /** @type {string} */ text) =>
    found.push({ steps, text });
  if (name === "") refuse(["name"], "Give the machine a name.");
  if (url === "") refuse(["url"], "Say where it is, such as http://192.168.1.20:3003.");
  const isAuto = numberOrAuto(maxConcurrent) === "auto";
  if (!isAuto && isNoNumber(saved, "maxConcurrent", maxConcurrent)) {
    refuse(["maxConcurrent"], "Must be a number or auto.");
  }
  if (isNoNumber(saved, "weight", weight)) refuse(["weight"], "Must be a number.");
  for (const { task, text } of limits) {
    if (isNoNumber(saved?.limits, task, text)) refuse(["limits", task], "Must be a number.");
  }
  if (isNoNumber(saved?.wakeOnLan, "port", wake.port)) {
    refuse(["wakeOnLan", "port"], "Must be a number.");
  }
  return found;
}

/**
 * Return how many of the fields are set that may be left out.
 *
 * @param {EditedBackend} backend
 */
export function countSet(backend) {
  const { state, weight, maxConcurrent, abilities, headers, caFile, limits, wake } = backend;
  const ours = [weight, maxConcurrent, abilities, headers, caFile, wake.mac];
  const texts = [...ours, ...limits.map(({ text }) => text)];
  return texts.filter((text) => text !== "").length + (state === DEFAULT_STATE ? 0 : 1);
}

/**
 * Return the states to offer; one that only a newer proxy knows stays chosen.
 *
 * @param {{state: string}} backend
 */
export function statesFor({ state }) {
  if (STATES.some(({ value }) => value === state)) return STATES;
  return [...STATES, { value: state, label: state }];
}

/**
 * Return what is said below the choice of a backend's state; may be empty.
 *
 * @param {{state: string}} backend
 */
export function stateHint({ state }) {
  return STATES.find(({ value }) => value === state)?.hint ?? "";
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

/** @param {Backend|undefined} saved */
function stateOf(saved) {
  return saved?.state ?? DEFAULT_STATE;
}

/**
 * @param {string} text
 * @param {string} name
 */
function wakeValueOf(text, name) {
  return name === "port" ? Number(text) : text;
}
