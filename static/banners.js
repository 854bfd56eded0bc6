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
 * Tell why the page could not be brought up to date.
 *
 * @param {string} reason empty: it could
 */
export function tellStale(reason) {
  tell(byId("connection"), reason && `${reason} What is shown may be out of date.`);
}
