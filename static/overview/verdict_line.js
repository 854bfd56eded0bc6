// Shows the verdict: on the page, in its title and in its icon.

import { el, tell } from "../shared/dom.js";

/** @import { Action, Verdict } from "./said.d.ts" */

const ICONS = {
  good: "static/shared/icons/good.svg",
  warn: "static/shared/icons/warn.svg",
  bad: "static/shared/icons/bad.svg",
  idle: "static/icon.svg",
  gone: "static/shared/icons/gone.svg",
};

export class VerdictLine {
  /**
   * @param {HTMLElement} element where it is shown
   * @param {(action: Action) => void} act does what is pressed
   */
  constructor(element, act) {
    this._act = act;
    this._element = element;
    this._product = document.title;
    this._offered = "";
    this._said = "";
    this._text = el("p", { id: "verdict-text" }, "Asking the proxy…");
    this._buttons = el("span", { class: "offers" });
    this._why = el("ul", { id: "why", class: "why", hidden: true });
    this._ask = el(
      "button",
      {
        type: "button",
        "aria-expanded": "false",
        "aria-controls": "why",
        hidden: true,
        onclick: () => this._explain(this._why.hidden),
      },
      "Why?",
    );
    // What counts up and down each second is not read out: only what has changed.
    this._announced = el("p", { class: "visually-hidden", role: "status" });
    this._icon = /** @type {HTMLLinkElement|null} */ (document.querySelector("link[rel=icon]"));
    element.append(
      el("div", { class: "said" }, this._text, el("div", { class: "offers" }, this._buttons, this._ask)),
      this._why,
      this._announced,
    );
  }

  /**
   * @param {Verdict} verdict
   * @param {boolean} isGone whether the proxy is
   */
  show({ tone, text, title, actions, why }, isGone = false) {
    this._element.dataset.tone = tone;
    tell(this._text, text);
    const headed = `${title} – ${this._product}`;
    if (document.title !== headed) document.title = headed;
    const icon = ICONS[isGone ? "gone" : tone];
    if (this._icon && this._icon.getAttribute("href") !== icon) this._icon.href = icon;
    const said = `${tone} ${isGone}`;
    if (said !== this._said) tell(this._announced, text);
    this._said = said;
    this._offer(actions);
    this._ask.hidden = why.length === 0;
    if (why.length === 0) this._explain(false);
    const shown = [...this._why.children].map(({ textContent }) => textContent);
    if (JSON.stringify(shown) !== JSON.stringify(why)) {
      this._why.replaceChildren(...why.map((line) => el("li", {}, line)));
    }
  }

  /** @param {Action[]} actions the same again stay as they are, and keep the focus */
  _offer(actions) {
    const offered = JSON.stringify(actions);
    if (offered === this._offered) return;
    this._offered = offered;
    const nodes = actions.map((action) => {
      if (action.kind === "open") return el("a", { class: "button", href: action.href }, action.label);
      return el("button", { type: "button", onclick: () => this._act(action) }, action.label);
    });
    this._buttons.replaceChildren(...nodes);
  }

  /** @param {boolean} isOpen */
  _explain(isOpen) {
    this._why.hidden = !isOpen;
    this._ask.setAttribute("aria-expanded", String(isOpen));
  }
}
