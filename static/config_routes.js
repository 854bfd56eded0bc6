// The default route and the list of routes on the configuration page.

import { RouteEditor } from "./config_route_editor.js";
import { byId, el } from "./dom.js";
import { addRoute } from "./draft.js";
import { checkBox, textField } from "./form.js";

export class DefaultRoute {
  /**
   * @param {Element} node filled with the editor
   * @param {() => void} changed is called after each change
   */
  constructor(node, changed) {
    this._node = node;
    this._changed = changed;
  }

  /** Show the default route of `draft`, and edit it there. */
  show(draft) {
    this._draft = draft;
    const before = this._editor;
    this._editor = new RouteEditor(draft.default, "Default backends", this._changed);
    const { backends, strategy, fold } = this._editor;
    fold.keep(before?.fold);
    this._node.replaceChildren(backends.node, strategy.node, fold.node);
    this.refresh();
  }

  /** Offer the backends as they are now. */
  refresh() {
    this._editor.offer(this._draft.backends);
  }

  /** Return the fields, each with the steps of its path and with what to call it. */
  fields() {
    const steps = ["defaultBackend"];
    const whole = { steps, field: this._editor.backends, called: "Default backends" };
    return [whole, ...this._editor.fields(steps, "the default")];
  }
}

export class RouteList {
  /**
   * @param {Element} node filled with the rows
   * @param {() => void} changed is called after each change
   */
  constructor(node, changed) {
    this._node = node;
    this._changed = changed;
    this._rows = [];
  }

  /** Show the routes of `draft`, and edit them there. */
  show(draft) {
    this._draft = draft;
    const before = this._rows;
    this._rows = [];
    this._node.replaceChildren();
    draft.routes.forEach((route, index) => {
      this._append(route);
      this._rows[index].editor.fold.keep(before[index]?.editor.fold);
    });
  }

  /** Add an empty row. */
  add() {
    this._append(addRoute(this._draft));
    this._changed();
    this._rows.at(-1).key.control.focus();
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

  /** Return the fields, each with the steps of its path and with what to call it. */
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

  _append(route) {
    const row = { route };
    const suggested = { list: "keys", placeholder: "clip", "data-field": "key" };
    row.key = textField("Work", suggested, route.key, (value) => {
      route.key = value;
      this._changed();
    });
    row.editor = new RouteEditor(route, "Goes to", this._changed);
    row.editor.offer(this._draft.backends);
    const fallback = checkBox(
      "If none of these is healthy, use the default",
      { "data-field": "fallback" },
      route.fallback,
      (checked) => {
        route.fallback = checked;
        this._changed();
      },
    );
    const remove = el(
      "button",
      { type: "button", class: "quiet", onclick: () => this._remove(row) },
      "Remove route",
    );
    row.node = el(
      "li",
      { class: "card route", "data-route-row": true },
      row.key.node,
      row.editor.backends.node,
      row.editor.strategy.node,
      el("div", { class: "foot" }, fallback, remove),
      row.editor.fold.node,
    );
    this._rows.push(row);
    this._node.append(row.node);
  }

  _remove({ route }) {
    this._draft.routes = this._draft.routes.filter((other) => other !== route);
    this.refresh();
    this._changed();
    (this._rows.at(-1)?.key.control ?? byId("add-route")).focus();
  }
}
