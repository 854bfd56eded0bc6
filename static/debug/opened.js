// The panel that shows one request, and keeps it up to date until it has ended.

import { ApiError, get } from "../shared/api.js";
import { el } from "../shared/dom.js";

/** @import { Detail } from "./debug.d.ts" */

/**
 * What the panel needs of its page: the `machines` there are, the address of all requests
 * of a trace; `step` opens the next request, up or down the list.
 *
 * @typedef {{machines: () => Promise<string[]>, traceHref: (trace: string) => string,
 *     close: () => void, step: (by: 1|-1) => void}} Page
 */

/** Load what shows details: the list comes first, and most look at no more than that. */
async function parts() {
  try {
    return await import("./detail.js");
  } catch {
    throw new ApiError("The proxy cannot be reached. Is it running?");
  }
}

/** Have it there before somebody opens a request. */
export function prepare() {
  // Who opens one is told what went wrong.
  parts().catch(() => {});
}

export class Opened {
  /**
   * @param {HTMLElement} node
   * @param {Page} page
   */
  constructor(node, page) {
    this._page = page;
    this._title = el("h2", { id: "detail-title", tabindex: "-1" });
    this._body = el("div", { class: "details" });
    const button = (/** @type {string} */ text, /** @type {() => void} */ onclick) =>
      el("button", { type: "button", onclick }, text);
    const close = button("Close", () => page.close());
    close.id = "close";
    node.append(
      el(
        "p",
        { class: "inline walk" },
        button("↑ Newer", () => page.step(-1)),
        button("↓ Older", () => page.step(1)),
        close,
      ),
      this._title,
      this._body,
    );
    this.node = node;
    /** The request that is shown; empty: none. */
    this.id = "";
    this._told = "";
    this._hasEnded = false;
  }

  /**
   * Show a request.
   *
   * @param {string} id empty: none
   */
  async show(id) {
    if (id === this.id) return;
    this.id = id;
    this._told = "";
    this._hasEnded = false;
    this.node.hidden = id === "";
    if (!id) return;
    this._title.textContent = "Request";
    this._body.replaceChildren(el("p", { class: "muted" }, "…"));
    await this.refresh();
  }

  /** Ask for what is shown again, unless it has ended: then it stays what it is. */
  async refresh() {
    const { id } = this;
    if (!id || this._hasEnded) return;
    try {
      const [detail, machines, { detailView, titleWords }] = await Promise.all([
        get(`api/debug/records/${encodeURIComponent(id)}`),
        this._page.machines(),
        parts(),
      ]);
      if (id !== this.id || !this._isNew(detail)) return;
      this._title.textContent = titleWords(detail);
      this._body.replaceChildren(...detailView(detail, machines, this._page.traceHref));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (id === this.id) this._showGone(error);
    }
  }

  /** Put the focus on it. */
  focus() {
    this._title.focus();
  }

  /**
   * Whether that is not what is shown already.
   *
   * @param {Detail} detail
   */
  _isNew(detail) {
    this._hasEnded = detail.state === "done";
    const told = JSON.stringify(detail);
    const isNew = told !== this._told;
    this._told = told;
    return isNew;
  }

  /** @param {ApiError} error */
  _showGone(error) {
    // What is shown stays, if the proxy cannot be asked just now.
    if (this._told && error.status !== 404) return;
    this._hasEnded = error.status === 404;
    const gone = "This request is not kept any more: newer ones took its place, or it was cleared.";
    const text = error.status === 404 ? gone : error.message;
    this._body.replaceChildren(el("p", { class: "error" }, text));
  }
}
