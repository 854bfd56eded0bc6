// Shows a backend on the overview, and enables, drains or disables it.

import { ApiError, post } from "../shared/api.js";
import { STATES } from "../config/backends.js";
import { whileBusy } from "../shared/busy.js";
import { el, tell } from "../shared/dom.js";
import { HealthLine } from "../config/health.js";
import { noteWords } from "../shared/words.js";
import { serviceTimes, workWords } from "./work.js";

/** @import { Backend, BackendStatus, Health } from "../shared/answers.d.ts" */

export class BackendCard {
  /**
   * @param {Backend} backend
   * @param {() => void} changed is called after its state was changed
   */
  constructor({ name, url }, changed) {
    this.name = name;
    this._changed = changed;
    this._health = new HealthLine();
    this._note = el("p", { class: "hint", "data-note": true });
    this._work = el("p", { class: "hint", "data-work": true });
    this._times = el("div", { "data-times": true });
    this._told = "";
    this._problem = el("p", { class: "error", role: "alert", hidden: true });
    this._buttons = STATES.map(({ value, label, hint }) => {
      const onclick = () => this._set(value, button);
      const attributes = { type: "button", "data-state": value, title: hint, onclick };
      /** @type {HTMLButtonElement} */
      const button = el("button", attributes, label);
      return button;
    });
    const states = { class: "states", role: "group", "aria-label": `State of ${name}` };
    this.node = el(
      "li",
      { class: "card" },
      el("h3", {}, name),
      el("p", { class: "muted" }, url),
      this._health.node,
      this._note,
      this._work,
      this._times,
      el("div", states, ...this._buttons),
      this._problem,
    );
  }

  /**
   * Show what `/api/health` and `/api/status` tell of it.
   *
   * @param {Health|undefined} health
   * @param {BackendStatus|undefined} numbers
   */
  show(health, numbers) {
    this._health.show(health);
    tell(this._note, noteWords(health));
    tell(this._work, workWords(numbers));
    for (const button of this._buttons) {
      button.setAttribute("aria-pressed", String(button.dataset.state === numbers?.state));
    }
    const rows = serviceTimes(numbers);
    const told = JSON.stringify(rows);
    if (told === this._told) return;
    this._told = told;
    this._times.replaceChildren(...(rows.length > 0 ? [tableOf(rows)] : []));
  }

  /**
   * @param {string} state
   * @param {HTMLButtonElement} button
   */
  _set(state, button) {
    if (button.getAttribute("aria-pressed") === "true") return;
    tell(this._problem, "");
    whileBusy(button, "Saving…", async () => {
      try {
        await post(`api/backends/${encodeURIComponent(this.name)}`, { state });
        for (const other of this._buttons) {
          other.setAttribute("aria-pressed", String(other === button));
        }
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        tell(this._problem, error.message);
      }
      this._changed();
    });
  }
}

/** @param {ReturnType<typeof serviceTimes>} rows */
function tableOf(rows) {
  const heads = ["Task", "Count", "Median", "90 %", "99 %"];
  const head = el("tr", {}, ...heads.map((text) => el("th", { scope: "col" }, text)));
  const lines = rows.map(({ task, count, times }) => {
    const cells = [count, ...times].map((value) => el("td", {}, String(value)));
    return el("tr", {}, el("th", { scope: "row" }, ...breakable(task)), ...cells);
  });
  return el(
    "table",
    { class: "times" },
    el("caption", {}, "Service times"),
    el("thead", {}, head),
    el("tbody", {}, ...lines),
  );
}

/**
 * Return the parts of a long name such as clip/visual, with breaks between them.
 *
 * @param {string} task
 */
function breakable(task) {
  return task.split(/(?<=[/+])/).flatMap((part) => [part, el("wbr")]);
}
