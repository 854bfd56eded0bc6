// Does what the overview offers, tells what was done, and undoes it.

import { ApiError, post } from "../shared/api.js";
import { toast } from "../shared/toast.js";
import { ageWords } from "../shared/words.js";

/** @import { Machine } from "./overview.d.ts" */

/**
 * What a machine can be made, by the word of the API: what is told, and what it means.
 */
export const STATES = {
  enabled: "gets work again",
  drain: "is drained: it takes nothing new, and finishes what it has",
  disabled: "is disabled: it takes nothing new, and is not asked how it is",
};

/** @typedef {keyof typeof STATES} State */

export class Actions {
  /** @param {() => void} changed is called when something was done */
  constructor(changed) {
    this._changed = changed;
  }

  /**
   * Send a wake-up call.
   *
   * @param {string} machine
   */
  wake(machine) {
    return this._do(async () => {
      const { text } = await post("api/wake", { machine });
      toast(text);
    });
  }

  /**
   * Have a machine do a kind of work, too, or no longer.
   *
   * @param {string} machine
   * @param {string} task
   * @param {"add"|"remove"} how
   */
  take(machine, task, how = "add") {
    return this._do(async () => {
      const { text } = await post(`api/routes/${encodeURIComponent(task)}`, { [how]: machine });
      const back = how === "add" ? "remove" : "add";
      toast(text, { undo: () => this.take(machine, task, back) });
    });
  }

  /**
   * Enable, drain or disable a machine.
   *
   * @param {string} name
   * @param {State} state
   * @param {State} before what undoing it sets
   * @param {number} [seconds] after which it is used again; without: never
   */
  setState(name, state, before, seconds) {
    return this._do(async () => {
      await post(`api/backends/${encodeURIComponent(name)}`, seconds ? { state, seconds } : { state });
      const ends = seconds ? `, for ${ageWords(seconds)}` : "";
      toast(`${name} ${STATES[state]}${ends}.`, { undo: () => this.setState(name, before, state) });
    });
  }

  /** @param {() => Promise<void>} action */
  async _do(action) {
    try {
      await action();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      toast(error.message, { isBad: true });
    }
    this._changed();
  }
}

/**
 * Return what the API calls the state that a machine is in.
 *
 * @param {Machine} machine
 * @returns {State}
 */
export function stateOf({ state, by }) {
  if (by === "window") return "enabled";
  if (state === "drained") return "drain";
  return state === "disabled" ? "disabled" : "enabled";
}
