// What to do in Immich, and whether it has called.

import { byId, controlById, tell } from "../shared/dom.js";
import { clockTime } from "../shared/words.js";

/** @import { Overview } from "./overview.d.ts" */

export class ImmichStep {
  constructor() {
    this._step = controlById("immich", HTMLDetailsElement);
    this._address = controlById("address", HTMLInputElement);
    this._address.value = new URL(".", document.baseURI).href.replace(/\/$/, "");
    this._address.addEventListener("focus", () => this._address.select());
    byId("local").hidden = !/^(localhost|127\..*|\[::1\])$/.test(location.hostname);
    byId("copy").addEventListener("click", () => this._copy());
    /** @type {boolean|null} */
    this._hasCalled = null;
  }

  /**
   * @param {Overview} overview
   * @param {number} now
   */
  update({ immich, demo }, now) {
    this._step.hidden = demo !== null;
    const { firstCall } = immich;
    const hasCalled = firstCall !== null;
    if (hasCalled !== this._hasCalled) {
      this._hasCalled = hasCalled;
      this._step.open = !hasCalled;
    }
    const seen = firstCall === null ? "" : `Immich’s first call was seen at ${clockTime(firstCall, now)}.`;
    tell(byId("first-call"), seen || "Waiting for Immich’s first call…");
    byId("first-call").dataset.tone = hasCalled ? "good" : "idle";
  }

  async _copy() {
    try {
      await navigator.clipboard.writeText(this._address.value);
      tell(byId("copied"), "Copied");
    } catch {
      // Browsers lend the clipboard to pages over https and on localhost only.
      this._address.focus();
      tell(byId("copied"), "Selected, to be copied by hand");
    }
  }
}
