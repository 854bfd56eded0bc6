// The default route and the list of routes on the configuration page.

import { byId, el, tell } from "./dom.js";
import { addRoute, choose } from "./draft.js";
import { checkBox, checkGroup, choice, textField } from "./form.js";
import { placeOf, strategiesFor, strategyHint } from "./routes.js";

/** Edits which backends a route has, and how one of them is chosen. */
class RouteEditor {
  constructor(route, label, changed) {
    this._route = route;
    this._changed = changed;
    this.backends = checkGroup(label);
    const hint = el("p", { class: "hint" });
    const explain = () => tell(hint, strategyHint(route));
    explain();
    this.strategy = choice(
      "Choose among them",
      { "data-field": "strategy" },
      strategiesFor(route),
      route.strategy,
      (value) => {
        route.strategy = value;
        explain();
        this._label();
        changed();
      },
      hint,
    );
  }

  /** Offer these backends; those that are chosen already come with the route. */
  offer(backends) {
    const unknown = this._route.backends.filter((backend) => !backends.includes(backend));
    this._boxes = [...backends, ...unknown].map((backend) => {
      const name = backend.name || "(without a name)";
      const label = unknown.includes(backend) ? `${name} (there is no such backend)` : name;
      const attributes = { "data-backend-choice": true, value: backend.name };
      const isChosen = this._route.backends.includes(backend);
      const box = checkBox(label, attributes, isChosen, (chosen) => {
        choose(this._route, backend, chosen);
        this.backends.clear();
        this._label();
        this._changed();
      });
      return { backend, label, box };
    });
    this._label();
    const none = el("p", { class: "muted" }, "There are no backends yet.");
    const boxes = this._boxes.map(({ box }) => box);
    this.backends.fill(...(boxes.length > 0 ? boxes : [none]));
  }

  /** Number the backends where their order counts. */
  _label() {
    for (const { backend, label, box } of this._boxes) {
      const place = placeOf(this._route, backend);
      tell(box.lastElementChild, place > 0 ? `${place}. ${label}` : label);
    }
  }

  fields(steps, of) {
    const called = `Backends of ${of}`;
    return [
      { steps: [...steps, "backends"], field: this.backends, called },
      { steps: [...steps, "strategy"], field: this.strategy, called: `Strategy of ${of}` },
    ];
  }
}

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
    this._editor = new RouteEditor(draft.default, "Default backends", this._changed);
    this._node.replaceChildren(this._editor.backends.node, this._editor.strategy.node);
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
    this._rows = [];
    this._node.replaceChildren();
    draft.routes.forEach((route) => this._append(route));
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
