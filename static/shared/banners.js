// The banners at the top of the pages.

import { byId, tell } from "./dom.js";

/**
 * Tell what is wrong with the configuration file.
 *
 * @param {string|null} reason null: nothing
 */
export function tellBroken(reason) {
  tell(byId("config-error"), reason ?? "");
  byId("broken").hidden = !reason;
}

/**
 * Tell what was mended when the configuration was read.
 *
 * @param {string[]} warnings
 */
export function tellMended(warnings) {
  tell(byId("warnings"), warnings.join("\n"));
  byId("mended").hidden = warnings.length === 0;
}

/**
 * Tell why the page could not be brought up to date.
 *
 * @param {string} reason empty: it could
 */
export function tellStale(reason) {
  tell(byId("connection"), reason && `${reason} What is shown may be out of date.`);
}
