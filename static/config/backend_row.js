// One machine on the configuration page: how it is, and its fields when it is opened.

import { el, freshId, tell } from "../shared/dom.js";
import { Address } from "./address.js";
import { BackendOptions } from "./backend_options.js";
import { REVEAL, textField } from "./form.js";
import { HealthLine } from "./health.js";
import { healthOf } from "./health_words.js";

/** @import { Health } from "../shared/answers.d.ts" */
/** @import { EditedBackend } from "./backends.js" */
/** @import { Step } from "./fields.js" */
/** @import { NamedField } from "./form.js" */
/** @import { Order } from "./order.js" */

/**
 * @typedef {{changed: () => void, opened: (name: string, isOpen: boolean) => void,
 *     remove: () => void}} Hearers what is called after a change, when the row is opened or
 *     closed, and to remove it
 */

export class BackendRow {
  /**
   * @param {EditedBackend} backend edited here
   * @param {Order} order of the list that it is in
   * @param {Hearers} hearers
   */
  constructor(backend, order, { changed, opened, remove }) {
    this.backend = backend;
    this._order = order;
    this._opened = opened;
    this._health = new HealthLine();
    const edited = () => {
      this._call();
      changed();
    };
    this.name = textField("Name", { "data-field": "name", maxlength: 100 }, backend.name, (value) => {
      backend.name = value;
      edited();
    }, "What it is called on these pages and in answers.");
    this.address = new Address(backend.url, (value) => {
      backend.url = value;
      edited();
    });
    this._options = new BackendOptions(backend, changed);
    const id = freshId();
    this.opener = el("button", {
      type: "button",
      class: "opener",
      "aria-expanded": "false",
      "aria-controls": id,
      onclick: () => this.open(this._body.hidden),
    });
    this._attempt = el("button", { type: "button", "data-try": true, onclick: () => this.address.attempt() }, "Try");
    this._remove = el("button", { type: "button", class: "quiet", "data-remove": true, onclick: remove }, "Remove");
    this._where = el("span", { class: "where muted" });
    this._handle = order.handle(() => this.node, () => this._called);
    this._body = el(
      "div",
      { id, class: "backend", hidden: true },
      this.name.node,
      this.address.field.node,
      el("div", { class: "foot" }, this.address.result.node, el("div", { class: "inline" }, this._attempt, this._remove)),
      this._options.fold.node,
    );
    const head = el("div", { class: "row-head" }, this._handle, this.opener, this._where, this._health.node);
    // Many rows have the same fields and buttons: the group tells whose they are.
    this._group = el("div", { class: "card", role: "group" }, head, this._body);
    this.node = el("li", { "data-backend-row": true }, this._group);
    this.node.addEventListener(REVEAL, () => this.open(true));
    this._call();
  }

  /**
   * Show the fields, or hide them.
   *
   * @param {boolean} isOpen
   */
  open(isOpen) {
    if (isOpen !== this._body.hidden) return;
    this._body.hidden = !isOpen;
    this.opener.setAttribute("aria-expanded", String(isOpen));
    this._opened(this.backend.name, isOpen);
  }

  /**
   * Be as open as the row whose place this one takes; there may have been none.
   *
   * @param {BackendRow|undefined} other
   */
  keep(other) {
    if (!other) return;
    this._body.hidden = other._body.hidden;
    this.opener.setAttribute("aria-expanded", String(!other._body.hidden));
    this._options.fold.keep(other._options.fold);
  }

  /**
   * Show what the proxy knows of it: by the name and address that were saved.
   *
   * @param {Record<string, Health>} health by name
   */
  showHealth(health) {
    const { saved, url } = this.backend;
    if (!saved) this._health.note("Checked once it is saved");
    else if (url !== saved.url) this._health.note("The new address is checked once it is saved");
    else this._health.show(healthOf(health, saved.name));
  }

  /**
   * Return the fields, each with the steps of its path and with what to call it.
   *
   * @param {Step[]} steps
   * @param {number} number of the row
   * @returns {NamedField[]}
   */
  fields(steps, number) {
    const of = this.backend.name || `machine ${number}`;
    return [
      { steps, field: this.name, called: `Name of ${of}` },
      { steps: [...steps, "name"], field: this.name, called: `Name of ${of}` },
      { steps: [...steps, "url"], field: this.address.field, called: `Address of ${of}` },
      ...this._options.fields(steps, of),
    ];
  }

  get _called() {
    return this.backend.name || "the new machine";
  }

  _call() {
    const called = this._called;
    this._group.setAttribute("aria-label", called);
    this._attempt.setAttribute("aria-label", `Try ${called}`);
    this._remove.setAttribute("aria-label", `Remove ${called}`);
    this._order.name(this._handle, called);
    tell(this.opener, called);
    tell(this._where, this.backend.url);
  }
}
