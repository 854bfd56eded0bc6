// The settings beside backends and routes: names, units and defaults. Pure.

import { put, textOf } from "./texts.js";
import { bytes } from "../shared/words.js";

/** @import { JsonObject } from "../shared/answers.d.ts" */

/** @typedef {{value: string, label: string}} Choice */

/**
 * A field that may be left out, here or in a backend or a route; `inWords` makes its
 * value readable, `note` says what else there is to know. With `choices` it is one of
 * these texts, else a number.
 *
 * @template {string} [Name=string]
 * @typedef {{name: Name, label: string, byDefault?: number|string, example?: string,
 *     note?: string, inWords?: (value: number) => string, choices?: Choice[]}} Setting
 */

/** @type {Setting[]} */
export const SETTINGS = [
  {
    name: "healthCheckInterval",
    label: "Seconds between health checks",
    byDefault: 10,
  },
  {
    name: "pingTimeout",
    label: "Seconds to wait for a health check",
    byDefault: 1.5,
  },
  {
    name: "requestTimeout",
    label: "Seconds to wait for a machine's answer",
    byDefault: 290,
    note: "Immich itself gives up after 300 s.",
  },
  {
    name: "maxBodySize",
    label: "Largest request, in bytes",
    byDefault: 104857600,
    inWords: bytes,
  },
  {
    name: "maxBufferedBytes",
    label: "Memory for requests under way, in bytes",
    byDefault: 67108864,
    inWords: bytes,
  },
  {
    name: "maxBackends",
    label: "Most backends",
    byDefault: 64,
  },
  {
    name: "maxPings",
    label: "Most health checks at once",
    byDefault: 16,
    note: "The others wait their turn.",
  },
  {
    name: "maxConnections",
    label: "Most connections of clients",
    byDefault: "as many as the system allows",
  },
  {
    name: "maxConnectionsPerAddress",
    label: "Most connections of one client's address",
    byDefault: 0,
    note: "0 means any number. Immich, and a reverse proxy, are one address.",
  },
  {
    name: "idleTimeout",
    label: "Seconds that an idle connection is kept",
    byDefault: 60,
  },
  {
    name: "headTimeout",
    label: "Seconds for the first lines of a request",
    byDefault: 30,
  },
  {
    name: "minUploadRate",
    label: "Slowest upload, in bytes a second",
    byDefault: 1024,
    inWords: bytes,
    note: "0 means any speed.",
  },
  {
    name: "uploadGrace",
    label: "Seconds over which its speed is looked at",
    byDefault: 15,
  },
  {
    name: "checkAnswers",
    label: "Check answers",
    byDefault: "full",
    choices: [
      { value: "full", label: "In full" },
      { value: "shape", label: "Their form only, not the numbers" },
      { value: "off", label: "Not at all" },
    ],
  },
];

/**
 * Return what stands in a setting's field.
 *
 * @param {JsonObject} document
 * @param {Setting} setting
 */
export function settingText(document, { name, choices, byDefault }) {
  return textOf(document, name) || (choices ? String(byDefault) : "");
}

/**
 * Set a setting to what its field holds; what was not changed stays.
 *
 * @param {JsonObject} document
 * @param {Setting} setting
 * @param {string} text
 */
export function putSetting(document, setting, text) {
  if (text === settingText(document, setting)) return;
  put(document, setting.name, text, setting.choices ? String : Number);
}

/**
 * Return the choices to offer; one that only a newer proxy knows stays chosen.
 *
 * @param {Choice[]} choices
 * @param {string} text
 */
export function choicesFor(choices, text) {
  if (choices.some(({ value }) => value === text)) return choices;
  return [...choices, { value: text, label: text }];
}

/**
 * Return what is said below a setting's field while it holds `text`.
 *
 * @param {Setting} setting
 * @param {string} text
 */
export function settingHint({ byDefault, inWords, note }, text) {
  const isEmpty = text === "";
  const number = Number(isEmpty ? byDefault : text);
  const words = inWords && number >= 0 && Number.isFinite(number) ? inWords(number) : "";
  const inBrackets = words ? ` (${words})` : "";
  const value = isEmpty ? `Empty means ${byDefault}${inBrackets}, the default.` : words;
  return [value, note].filter(Boolean).join(" ");
}
