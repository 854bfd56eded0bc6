// The field of a machine's address, which is tried while it is typed.

import { TryResult } from "../shared/try.js";
import { textField } from "./form.js";

/** Milliseconds without a key after which an address is tried. */
const PAUSE = 700;

export class Address {
  /**
   * @param {string} url
   * @param {(url: string) => void} edited is told of each change
   */
  constructor(url, edited) {
    this._url = url;
    /** @type {number|undefined} */
    this._timer = undefined;
    this.result = new TryResult((correction) => {
      this._input.value = correction;
      this._input.dispatchEvent(new Event("input", { bubbles: true }));
      this._input.focus();
      this.attempt();
    });
    const attributes = { "data-field": "url", inputmode: "url" };
    const hint = "Where it is, such as http://192.168.1.20:3003. It is tried as you type.";
    this.field = textField("Address", attributes, url, (value) => {
      this._url = value;
      edited(value);
      this._soon();
    }, hint);
    this._input = /** @type {HTMLInputElement} */ (this.field.control);
  }

  /** What does not do, in a sentence; empty if all is well or nothing was tried. */
  get warning() {
    return this.result.node.dataset.tone === "bad" ? this.result.text : "";
  }

  /** Try the address now. */
  attempt() {
    clearTimeout(this._timer);
    return this.result.run(this._url);
  }

  _soon() {
    clearTimeout(this._timer);
    this.result.clear();
    if (this._url) this._timer = setTimeout(() => this.attempt(), PAUSE);
  }
}
