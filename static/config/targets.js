// Who is told when something happens: read for editing, and written back with nothing
// changed but what the user has changed. Pure.

import { headersOf, headersText } from "./headers.js";
import { put, textOf } from "./values.js";

/** @import { Target } from "../shared/answers.d.ts" */
/** @import { Setting } from "./values.js" */

/**
 * One who is told, while he is edited; `texts` by name, `events` what he wants to know of.
 *
 * @typedef {{saved: Target|undefined, texts: Record<string, string>,
 *     events: string[]}} EditedTarget
 */

/** What can be told. */
export const EVENTS = [
  { value: "down", label: "A machine is down, or back" },
  { value: "held", label: "Work is held, or goes on" },
  { value: "saved", label: "The configuration was saved, and by whom" },
];

const ALL = EVENTS.map(({ value }) => value);

/** @type {Setting[]} */
export const TARGET = [
  {
    name: "url",
    label: "Address",
    byDefault: "none",
    about: "What a message is sent to. It is not shown again: *** keeps what there is.",
  },
  {
    name: "format",
    label: "Written for",
    byDefault: "any program (JSON)",
    choices: [
      { value: "json", label: "Any program (JSON)" },
      { value: "ntfy", label: "ntfy", hint: "The address ends with the topic." },
      { value: "homeassistant", label: "Home Assistant", hint: "The address is that of a webhook." },
    ],
  },
  {
    name: "headers",
    label: "Headers",
    byDefault: "none",
    about: "Sent with it, for a login: “Authorization: Bearer …”.",
    isSecret: true,
    show: headersText,
    read: headersOf,
  },
];

/**
 * Return an editable entry.
 *
 * @param {Target|undefined} saved
 * @returns {EditedTarget}
 */
export function readTarget(saved) {
  return {
    saved,
    texts: Object.fromEntries(TARGET.map((setting) => [setting.name, textOf(saved, setting)])),
    events: [saved?.events ?? ALL].flat(),
  };
}

/**
 * Return the entry to save.
 *
 * @param {EditedTarget} target
 * @returns {Target}
 */
export function writeTarget({ saved, texts, events }) {
  /** @type {Target} */
  const entry = { url: "", ...saved };
  for (const setting of TARGET) put(entry, setting, texts[setting.name]);
  const before = [saved?.events ?? ALL].flat();
  if (JSON.stringify(events) !== JSON.stringify(before)) entry.events = events;
  return entry;
}

/**
 * Return who is told of what, in a line.
 *
 * @param {Target} target
 */
export function targetWords({ url, format, events }) {
  return `${url} (${[format ?? "json", ...(events ?? [])].join(", ")})`;
}
