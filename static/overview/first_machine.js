// The first step of who has just installed the proxy: the address of an ML server.

import { nameFor } from "./first_name.js";
import { ApiError, get, post } from "../shared/api.js";
import { whileBusy } from "../shared/busy.js";
import { controlById, el } from "../shared/dom.js";
import { toast } from "../shared/toast.js";
import { TryResult } from "../shared/try.js";

/** @import { Tried } from "../shared/answers.d.ts" */

export class FirstMachine {
  /**
   * @param {HTMLElement} element has the form
   * @param {() => void} changed is called when there is a machine
   */
  constructor(element, changed) {
    this._changed = changed;
    this._field = controlById("first-address", HTMLInputElement);
    this._button = controlById("first-try", HTMLButtonElement);
    this._result = new TryResult((url) => {
      this._field.value = url;
      this._try();
    });
    this._use = el("p", { hidden: true });
    element.append(this._result.node, this._use);
    this._field.addEventListener("input", () => {
      this._result.clear();
      this._use.hidden = true;
    });
    controlById("first-form", HTMLFormElement).addEventListener("submit", (event) => {
      event.preventDefault();
      this._try();
    });
  }

  _try() {
    this._use.hidden = true;
    return whileBusy(this._button, "Trying…", async () => {
      const tried = await this._result.run(this._field.value);
      if (tried) this._offer(tried);
    });
  }

  /** @param {Tried} tried */
  _offer({ ok, kind, url }) {
    // A machine that sleeps does not answer now, and is right nevertheless.
    const mayBe = ["refused", "no-answer", "unknown-name"].includes(kind);
    this._use.hidden = !ok && !mayBe;
    const onclick = () => whileBusy(button, "Saving…", () => this._save(url));
    /** @type {HTMLButtonElement} */
    const button = el(
      "button",
      { type: "button", class: ok && "primary", onclick },
      ok ? "Use this machine" : "Use it anyway",
    );
    this._use.replaceChildren(button);
  }

  /** @param {string} url */
  async _save(url) {
    const name = nameFor(url);
    try {
      const saved = await get("api/config");
      await post("api/config", { ...saved, defaultBackend: name, backends: [{ name, url }] });
      this._changed();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      toast(error.message, { isBad: true });
    }
  }
}
