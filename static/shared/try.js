// Tries an address and tells what answers there.

import { ApiError, post } from "./api.js";
import { el, tell } from "./dom.js";
import { duration, kindWord, sentence } from "./words.js";

/** @import { Tried } from "./answers.d.ts" */

/** The kinds of work that a machine can be given a sample of. */
export const SAMPLES = ["search", "clip", "faces", "ocr"];

export class TryResult {
  /**
   * @param {(url: string) => void} [correct] is called with the address to try instead;
   *     without it, none is offered
   */
  constructor(correct) {
    this._correct = correct;
    this._text = el("p", { hidden: true });
    this._more = el("div");
    this.node = el("div", { class: "tried", role: "status" }, this._text, this._more);
    /** Which attempt is waited for: the answer to one before it is told no more. */
    this._attempt = 0;
  }

  /** What was told last. */
  get text() {
    return this._text.textContent ?? "";
  }

  /**
   * Try an address.
   *
   * @param {string} url as it was typed
   * @param {string[]} samples kinds of work to try, too
   * @returns {Promise<Tried|null>} null: the proxy did not tell, or another one was tried since
   */
  async run(url, samples = []) {
    this._show("", "Trying…");
    const attempt = this._attempt;
    try {
      const tried = await post("api/try", { url, samples });
      if (attempt !== this._attempt) return null;
      this._show(tried.ok ? "good" : "bad", tried.text);
      this._more.replaceChildren(...this._corrections(tried), ...sampleList(tried));
      return tried;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (attempt === this._attempt) this._show("bad", error.message);
      return null;
    }
  }

  /** Forget what was told. */
  clear() {
    this._show("", "");
  }

  /**
   * @param {string} tone
   * @param {string} text
   */
  _show(tone, text) {
    this._attempt += 1;
    this.node.dataset.tone = tone;
    tell(this._text, text);
    this._more.replaceChildren();
  }

  /** @param {Tried} tried */
  _corrections({ correction }) {
    const correct = this._correct;
    if (!correction || !correct) return [];
    const onclick = () => correct(correction);
    return [el("button", { type: "button", "data-correction": true, onclick }, `Use ${correction}`)];
  }
}

/** @param {Tried} tried */
function sampleList({ samples }) {
  if (samples.length === 0) return [];
  const lines = samples.map(({ kind, ok, text, took }) =>
    el("li", { "data-ok": String(ok) }, `${sentence(kindWord(kind))}: ${text} (${duration(took)})`),
  );
  return [el("ul", { class: "samples" }, ...lines)];
}
