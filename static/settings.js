// The settings beside backends and routes: names, units and defaults. Pure.

import { bytes } from "./words.js";

export const SETTINGS = [
  {
    name: "healthCheckInterval",
    label: "Seconds between health checks",
    byDefault: 10,
    inWords: () => "",
  },
  {
    name: "requestTimeout",
    label: "Seconds to wait for a backend's answer",
    byDefault: 290,
    inWords: () => "Immich itself gives up after 300 s.",
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

/** Return what is said below a setting's field while it holds `text`. */
export function settingHint(setting, text) {
  const number = text.trim() === "" ? setting.byDefault : Number(text);
  const words = Number.isFinite(number) ? setting.inWords(number) : "";
  const byDefault = text.trim() === "" ? `Empty: ${setting.byDefault}, the default.` : "";
  return [byDefault, words].filter(Boolean).join(" ");
}
