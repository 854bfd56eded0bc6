// A word or two on a colour: how something is.

import { el, tell } from "./dom.js";

/** @typedef {"good"|"warn"|"bad"|"idle"} Tone */

export class Badge {
  constructor() {
    this.node = el("span", { class: "badge", "data-tone": "idle" });
  }

  /**
   * @param {Tone} tone
   * @param {string} text
   */
  show(tone, text) {
    if (this.node.dataset.tone !== tone) this.node.dataset.tone = tone;
    tell(this.node, text);
  }
}
