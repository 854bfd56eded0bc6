// What is recorded: the switch, how many are kept, and how to clear them.

import { ApiError, get, post, remove } from "../shared/api.js";
import { ask } from "../shared/ask.js";
import { byId, controlById, tell } from "../shared/dom.js";
import { poll } from "../shared/poll.js";
import { bytes, countWords } from "../shared/words.js";

/** @import { DebugStatus } from "../shared/answers.d.ts" */

export class Recording {
  /** @param {() => void} changed is called when other requests are kept than before */
  constructor(changed) {
    this._changed = changed;
    this._switch = controlById("enabled", HTMLInputElement);
    this._limit = controlById("limit", HTMLInputElement);
    /** Whether requests are recorded; undefined: not known yet. @type {boolean|undefined} */
    this.isOn = undefined;
    this._switch.addEventListener("change", () => {
      const enabled = this._switch.checked;
      this._act(() => post("api/debug/toggle", { enabled }));
    });
    byId("clear").addEventListener("click", () => this._clear());
    byId("limits").addEventListener("submit", (event) => {
      event.preventDefault();
      this._act(async () => {
        await post("api/debug/max-records", { maxRecords: Number(this._limit.value) });
        this._limit.defaultValue = this._limit.value;
      });
    });
    // That it cannot be asked is told by who asks for the requests.
    this._refresh = poll(async () => this._show(await get("api/debug/status")), 2, () => {});
  }

  /** @param {DebugStatus} status */
  _show(status) {
    const { enabled, maxRecords } = status;
    const isOther = this.isOn !== enabled;
    this.isOn = enabled;
    this._switch.checked = enabled;
    tell(byId("count"), keptWords(status));
    // A number that is being typed is not overwritten.
    if (document.activeElement !== this._limit && this._limit.value === this._limit.defaultValue) {
      this._limit.defaultValue = String(maxRecords);
      this._limit.value = this._limit.defaultValue;
    }
    byId("controls").hidden = false;
    if (isOther) this._changed();
  }

  async _clear() {
    const details = ["What was recorded is forgotten, for everybody who looks at this page."];
    if (await ask("Clear all recorded requests?", details, "Clear")) {
      this._act(() => remove("api/debug/records"));
    }
  }

  /**
   * Do what a control asks for; tell if it fails, and show what is true then.
   *
   * @param {() => Promise<unknown>} action
   */
  async _act(action) {
    tell(byId("problem"), "");
    try {
      await action();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      tell(byId("problem"), error.message);
    }
    this._changed();
    this._refresh();
  }
}

/**
 * Say how much is kept: "12 of 10,000 kept: 3 MiB of 64 MiB, pictures 1 MiB of 16 MiB".
 *
 * @param {DebugStatus} status
 */
function keptWords({ recordCount, maxRecords, bytes: held = 0, pictureBytes = 0, bounds }) {
  const kept = `${countWords(recordCount)} of ${countWords(maxRecords)} kept`;
  if (!bounds) return kept;
  const pictures = `pictures ${bytes(pictureBytes)} of ${bytes(bounds.pictureBytes)}`;
  return `${kept}: ${bytes(held)} of ${bytes(bounds.bytes)}, ${pictures}`;
}
