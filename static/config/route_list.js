// The default route and the list of routes on the configuration page.

import { RouteEditor } from "./route_editor.js";
import { byId, el } from "../shared/dom.js";
import { addRoute } from "./draft.js";
import { checkBox, textField } from "./form.js";

/** @import { Draft, KeyedRoute } from "./draft.js" */
/** @import { Field, NamedField } from "./form.js" */

export class DefaultRoute {
  /**
   * @param {HTMLElement} node filled with the editor
   * @param {Draft} draft
   * @param {() => void} changed is called after each change
   */
  constructor(node, draft, changed) {
    this._node = node;
    this._changed = changed;
    this._draft = draft;
    this._editor = this._edit();
  }

  /**
   * Show the default route of `draft`, and edit it there.
   *
   * @param {Draft} draft
   */
  show(draft) {
    this._draft = draft;
    const before = this._editor;
    this._editor = this._edit();
    const { backends, strategy, fold } = this._editor;
    fold.keep(before.fold);
    this._node.replaceChildren(backends.node, strategy.node, fold.node);
    this.refresh();
  }

  /** Offer the backends as they are now. */
  refresh() {
    this._editor.offer(this._draft.backends);
  }

  /**
   * Return the fields, each with the steps of its path and with what to call it.
   *
   * @returns {NamedField[]}
   */
  fields() {
    const steps = ["defaultBackend"];
    const whole = { steps, field: this._editor.backends, called: "Default machines" };
    return [whole, ...this._editor.fields(steps, "the default")];
  }

  _edit() {
    return new RouteEditor(this._draft.default, "Default machines", this._changed);
  }
}

/** @typedef {{route: KeyedRoute, key: Field, editor: RouteEditor, node: HTMLElement}} Row */

export class RouteList {
  /**
   * @param {HTMLElement} node filled with the rows
   * @param {Draft} draft
   * @param {() => void} changed is called after each change
   */
  constructor(node, draft, changed) {
    this._node = node;
    this._draft = draft;
    this._changed = changed;
    /** @type {Row[]} */
    this._rows = [];
  }

  /**
   * Show the routes of `draft`, and edit them there.
   *
   * @param {Draft} draft
   */
  show(draft) {
    this._draft = draft;
    const before = this._rows;
    this._rows = [];
    this._node.replaceChildren();
    draft.routes.forEach((route, index) => {
      this._append(route).editor.fold.keep(before[index]?.editor.fold);
    });
  }

  /** Add an empty row. */
  add() {
    const row = this._append(addRoute(this._draft));
    this._changed();
    row.key.control.focus();
  }

  /** Offer the backends, and show the routes, as they are now. */
  refresh() {
    const { backends, routes } = this._draft;
    this._rows = this._rows.filter((row) => {
      if (!routes.includes(row.route)) row.node.remove();
      return routes.includes(row.route);
    });
    for (const row of this._rows) row.editor.offer(backends);
  }

  /**
   * Return the fields, each with the steps of its path and with what to call it.
   *
   * @returns {NamedField[]}
   */
  fields() {
    return this._rows.flatMap(({ route, key, editor }, index) => {
      const of = route.key || `route ${index + 1}`;
      // The proxy names a route by its key, `problems` by its place: a key may be twice.
      return [["taskRouting", route.key], ["routes", index]].flatMap((steps) => [
        { steps, field: key, called: `Work of ${of}` },
        ...editor.fields(steps, of),
      ]);
    });
  }

  /** @param {KeyedRoute} route */
  _append(route) {
    const suggested = { list: "keys", placeholder: "clip", "data-field": "key" };
    const key = textField("Work", suggested, route.key, (value) => {
      route.key = value;
      call();
      this._changed();
    });
    const editor = new RouteEditor(route, "Goes to", this._changed);
    editor.offer(this._draft.backends);
    const fallback = checkBox(
      "If none of these is up, use the default",
      { "data-field": "fallback" },
      route.fallback,
      (checked) => {
        route.fallback = checked;
        this._changed();
      },
    );
    const remove = el(
      "button",
      { type: "button", class: "quiet", "data-remove": true, onclick: () => this._remove(route) },
      "Remove",
    );
    const group = el(
      "div",
      { class: "card route", role: "group" },
      key.node,
      editor.backends.node,
      editor.strategy.node,
      el("div", { class: "foot" }, fallback, remove),
      editor.fold.node,
    );
    const node = el("li", { "data-route-row": true }, group);
    const call = () => {
      const called = route.key || "the new route";
      group.setAttribute("aria-label", called);
      remove.setAttribute("aria-label", `Remove ${called}`);
    };
    call();
    const row = { route, key, editor, node };
    this._rows.push(row);
    this._node.append(node);
    return row;
  }

  /** @param {KeyedRoute} route */
  _remove(route) {
    this._draft.routes = this._draft.routes.filter((other) => other !== route);
    this.refresh();
    this._changed();
    (this._rows.at(-1)?.key.control ?? byId("add-route")).focus();
  }
}
