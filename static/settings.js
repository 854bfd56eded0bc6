// The settings beside backends and routes: names, units and defaults. Pure.

import { bytes } from "./words.js";

/**
 * A field that may be left out, here or in a backend or a route; `inWords` makes its
 * value readable, `note` says what else there is to know.
 *
 * @template {string} [Name=string]
 * @typedef {{name: Name, label: string, byDefault?: number|string, example?: string,
 *     note?: string, inWords?: (value: number) => string}} Setting
 */

/** @type {Setting[]} */
export const SETTINGS = [
  {
    name: "healthCheckInterval",
    label: "Seconds between health checks",
    byDefault: 10,
  },
  {
    name: "requestTimeout",
    label: "Seconds to wait for a backend's answer",
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
];

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
