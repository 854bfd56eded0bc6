// Has the proxy check what is typed while it is, so that problems are seen before a save.

import { ApiError, post } from "../shared/api.js";

/** @import { Configuration, Warnings } from "../shared/answers.d.ts" */

/** Milliseconds without a change after which it is checked. */
const PAUSE = 800;

export class LiveCheck {
  /**
   * @param {() => {document: Configuration, version: string}|null} asked what to check; null:
   *     nothing that could be sent
   * @param {(found: {warnings: Warnings, refused: ApiError|null}) => void} tellFound
   */
  constructor(asked, tellFound) {
    this._asked = asked;
    this._tellFound = tellFound;
    /** @type {number|undefined} */
    this._timer = undefined;
    this._round = 0;
  }

  /** Check after a while, unless there is another change meanwhile. */
  soon() {
    clearTimeout(this._timer);
    this._round += 1;
    this._timer = setTimeout(() => this._check(this._round), PAUSE);
  }

  /** @param {number} round */
  async _check(round) {
    const asked = this._asked();
    if (!asked) return;
    /** @type {Warnings} */
    let warnings = {};
    let refused = null;
    try {
      warnings = await post("api/config/check", asked.document, asked.version);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      // What contradicts another save is settled when this is saved.
      if (error.status === 400) refused = error;
      else return;
    }
    if (round === this._round) this._tellFound({ warnings, refused });
  }
}
