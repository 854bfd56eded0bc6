// Shows a backend's health.

import { el } from "../shared/dom.js";
import { healthWords } from "./health_words.js";
import { timeOfDay } from "../shared/words.js";

/** @import { Health } from "../shared/answers.d.ts" */

export class HealthLine {
  constructor() {
    this._text = el("span");
    this._time = el("time");
    this._checked = el("span", { class: "muted", hidden: true }, " checked ", this._time);
    this.node = el("p", { class: "health", "data-health": true }, this._text, this._checked);
    this.note("");
  }

  /**
   * Show what `/api/health` tells of it.
   *
   * @param {Health|undefined} health
   */
  show(health) {
    const { state, text, checked } = healthWords(health);
    this._set(state, text);
    this._checked.hidden = checked === null;
    if (checked) {
      this._time.dateTime = checked.toISOString();
      this._time.textContent = timeOfDay(checked);
    }
  }

  /**
   * Show other words instead.
   *
   * @param {string} text
   */
  note(text) {
    this._set("unknown", text);
    this._checked.hidden = true;
  }

  /**
   * @param {string} state
   * @param {string} text
   */
  _set(state, text) {
    this.node.dataset.state = state;
    this._text.textContent = text;
  }
}
