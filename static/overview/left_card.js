// Shows how long the work takes still, and asks how many photos there are where Immich
// does not tell.

import { begin, counted, readCount, timeOfCount, timeOfQueues } from "./left.js";
import { el, freshId, tell } from "../shared/dom.js";

/** @import { TimeLeft } from "./left.js" */
/** @import { Overview } from "./overview.d.ts" */

/** Under this name the browser keeps what was typed. */
const KEPT = "immich-ml-proxy photos left";

export class LeftCard {
  /** @param {HTMLElement} element where it is shown */
  constructor(element) {
    /** @type {Overview|null} */
    this._overview = null;
    this._now = 0;
    this._sum = el("p", { class: "sum", hidden: true });
    this._lines = el("ul", { class: "plain" });
    this._error = el("p", { class: "error", hidden: true });
    this._advice = el("ul", { class: "plain advice" });
    const id = freshId();
    this._field = el("input", { id, type: "number", min: 0, step: 1, inputmode: "numeric" });
    this._form = el(
      "form",
      { class: "inline", onsubmit: (event) => this._typed(event) },
      el("label", { for: id }, "Photos still to do"),
      this._field,
      el("button", { type: "submit" }, "Count down"),
    );
    this._hint = el(
      "p",
      { class: "hint" },
      "Immich tells how many, under Administration → Job Queues. With an ",
      el("a", { href: "config#immich" }, "API key"),
      " the proxy asks it by itself.",
    );
    element.append(this._sum, this._lines, this._error, this._form, this._hint, this._advice);
  }

  /**
   * @param {Overview} overview
   * @param {number} now by the proxy's clock
   */
  update(overview, now) {
    this._overview = overview;
    this._now = now;
    const { left, advice } = overview;
    const isTold = left.source === "immich";
    this._form.hidden = isTold;
    tell(this._error, left.error ? `Immich does not tell: ${left.error}` : "");
    const time = isTold ? timeOfQueues(left, now) : this._countDown(overview, now);
    this._hint.hidden = isTold || time !== null;
    tell(this._sum, time?.sum ?? "");
    lines(this._lines, time?.lines.map(({ text, isSlowest }) => (isSlowest ? `${text} (the slowest)` : text)) ?? []);
    lines(this._advice, advice.map(({ text }) => `${text}.`));
  }

  /**
   * @param {Overview} overview
   * @param {number} now
   * @returns {TimeLeft|null} null: nothing was typed
   */
  _countDown({ left, proxy }, now) {
    // Read each time: another tab may have typed, and counted, too.
    const before = localStorage.getItem(KEPT);
    const kept = readCount(before);
    if (!kept) return null;
    const count = counted(kept, left, proxy.started);
    const after = JSON.stringify(count);
    if (after !== before) localStorage.setItem(KEPT, after);
    return timeOfCount(count, left, now);
  }

  /** @param {Event} event */
  _typed(event) {
    event.preventDefault();
    if (!this._overview) return;
    const photos = Number(this._field.value);
    this._field.value = "";
    if (photos > 0) {
      const { left, proxy } = this._overview;
      localStorage.setItem(KEPT, JSON.stringify(begin(photos, left, proxy.started)));
    } else localStorage.removeItem(KEPT);
    this.update(this._overview, this._now);
  }
}

/**
 * Show a list of texts; the same again change nothing.
 *
 * @param {HTMLElement} node
 * @param {string[]} texts
 */
function lines(node, texts) {
  const now = [...node.children].map(({ textContent }) => textContent);
  if (JSON.stringify(now) === JSON.stringify(texts)) return;
  node.replaceChildren(...texts.map((text) => el("li", {}, text)));
  node.hidden = texts.length === 0;
}
