// The boxes of the flow: each draws one source, route or machine into the place it is given.

import { dots } from "./flow_layout.js";
import { set, svg, Text } from "./svg.js";

/** @import { Box } from "./flow_layout.js" */
/** @import { MachineBox, RouteBox, Source } from "./flow_model.js" */

/** Pixels from the top of a box to its first line of text, and from line to line. */
const LINE = 17;

/** Heights by what is shown in a box; a narrow page has more lines. */
export const HEIGHTS = {
  wide: { source: 62, route: 50, machine: 60 },
  narrow: { source: 62, route: 66, machine: 76 },
};

/**
 * Return how many pixels there are between a box and what it holds.
 *
 * @param {boolean} narrow
 */
function padOf(narrow) {
  return narrow ? 7 : 10;
}

/** Immich: what its searches and images come from. */
export class ImmichFrame {
  constructor() {
    this._frame = svg("rect", { class: "flow-immich", rx: 6 });
    this._title = new Text("flow-small flow-from");
    this.node = svg("g", {}, this._frame, this._title.node);
  }

  /**
   * @param {number} width
   * @param {number} height
   * @param {boolean} narrow
   */
  show(width, height, narrow) {
    set(this._frame, { x: 0.5, y: 0.5, width: width - 1, height: height - 1 });
    const pad = padOf(narrow);
    this._title.show("Immich", pad, LINE, width - 2 * pad);
  }
}

/** Searches or images, as they come from Immich. */
export class SourceBox {
  constructor() {
    this._frame = svg("rect", { class: "flow-frame", rx: 6 });
    this._title = new Text("flow-title");
    this._rate = new Text("flow-small");
    this.node = svg("g", { class: "flow-source" }, this._frame, this._title.node, this._rate.node);
  }

  /**
   * @param {Source} source
   * @param {Box} box
   * @param {boolean} narrow
   */
  show({ id, title, words }, box, narrow) {
    const { x, y, width, height } = box;
    const pad = padOf(narrow);
    set(this.node, { "data-source": id });
    set(this._frame, { x, y, width, height });
    this._title.show(title, x + pad, y + height / 2 + 5, width - 2 * pad);
    this._rate.show(words, x + pad, y + height / 2 + 5 + LINE, width - 2 * pad);
  }
}

/** What machine and route boxes are: a link to their requests, in the colour of health. */
class Linked {
  /**
   * @param {string} href
   * @param {() => void} onPress what it does instead of following the link
   */
  constructor(href, onPress) {
    this._frame = svg("rect", { class: "flow-frame", rx: 6 });
    this._stripe = svg("rect", { class: "flow-stripe", width: 4, rx: 2 });
    this._title = new Text("flow-title");
    this.node = svg("a", { href, class: "flow-box" }, this._frame, this._stripe);
    this.node.append(this._title.node);
    this.node.addEventListener("click", (event) => {
      // With such a key it is to be opened elsewhere, which the browser does.
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      onPress();
    });
  }

  /**
   * @param {string} label
   * @param {string} tone
   * @param {Box} box
   */
  _place(label, tone, { x, y, width, height }) {
    set(this.node, { "aria-label": label, "data-tone": tone });
    set(this._frame, { x: x + 0.5, y: y + 0.5, width: width - 1, height: height - 1 });
    set(this._stripe, { x, y, height });
  }
}

/** A route: what takes it, and what waits as a bar that fills. */
export class RouteView extends Linked {
  /**
   * @param {string} href
   * @param {() => void} onPress
   */
  constructor(href, onPress) {
    super(href, onPress);
    this._groove = svg("rect", { class: "flow-groove", height: 5, rx: 2.5 });
    this._bar = svg("rect", { class: "flow-waiting", height: 5, rx: 2.5 });
    this._held = svg("rect", { class: "flow-held", height: 5, rx: 2.5 });
    this._lines = [new Text("flow-small"), new Text("flow-small")];
    this.node.append(this._groove, this._bar, this._held);
    this.node.append(...this._lines.map(({ node }) => node));
  }

  /**
   * @param {RouteBox} route
   * @param {Box} box
   * @param {boolean} narrow
   */
  show({ title, tone, full, held, words }, box, narrow) {
    const told = words.length > 0 ? words : ["nothing waits"];
    this._place(`${title}: ${told.join(", ")}. Show its requests`, tone, box);
    const { x, y, width } = box;
    const left = x + padOf(narrow);
    const room = width - 2 * padOf(narrow);
    this._title.show(title, left, y + LINE, room);
    set(this._groove, { x: left, y: y + 24, width: room });
    set(this._bar, { x: left, y: y + 24, width: Math.round(room * full) });
    set(this._held, { x: left, y: y + 24, width: Math.round(room * held) });
    const [first, ...more] = told;
    const lines = narrow ? [first, more[0] ?? ""] : [told.join(" · "), ""];
    lines.forEach((text, index) => {
      this._lines[index].show(text, left, y + 43 + index * 15, room);
    });
  }
}

/** A machine: its state, its places as dots, and what it does. */
export class MachineView extends Linked {
  /**
   * @param {string} href
   * @param {() => void} onPress
   */
  constructor(href, onPress) {
    super(href, onPress);
    this._state = new Text("flow-small flow-state");
    this._places = svg("g");
    this._count = new Text("flow-small flow-count");
    this._rate = new Text("flow-small");
    this._drawn = "";
    this.node.append(this._state.node, this._places, this._count.node, this._rate.node);
  }

  /**
   * @param {MachineBox} machine
   * @param {Box} box
   * @param {boolean} narrow
   */
  show({ name, tone, state, busy, limit, rate, share }, box, narrow) {
    const label = `${name}: ${state}, ${busy} of ${limit} places busy, ${rate}, ${share} of all`;
    this._place(`${label}. Show its requests`, tone, box);
    const { x, y, width } = box;
    const pad = padOf(narrow);
    const left = x + pad;
    const right = x + width - pad;
    const room = right - left;
    const below = narrow ? LINE - 1 : 0;
    if (narrow) this._state.show(state, left, y + LINE + below, room);
    else this._state.show(state, right, y + LINE, room * 0.6);
    const beside = narrow ? 0 : this._state.width + pad;
    set(this._state.node, { "text-anchor": narrow ? "start" : "end" });
    this._title.show(name, left, y + LINE, room - beside);
    this._count.show(`${busy} of ${limit}`, right, y + 35 + below, room);
    set(this._count.node, { "text-anchor": "end" });
    this._showPlaces(busy, limit, left, y + 26 + below, room - this._count.width - pad);
    const [images] = rate.split(", ");
    const told = narrow ? `${images} · ${share}` : `${rate} · ${share} of all`;
    this._rate.show(told, left, y + 52 + below, room);
  }

  /**
   * Draw a dot a place; a bar, where there are too many.
   *
   * @param {number} busy
   * @param {number} limit
   * @param {number} left
   * @param {number} top
   * @param {number} room
   */
  _showPlaces(busy, limit, left, top, room) {
    const drawn = [busy, limit, left, top, room].map(Math.round).join(" ");
    if (drawn === this._drawn) return;
    this._drawn = drawn;
    const { size, at } = dots(limit, room);
    /** @type {SVGElement[]} */
    const shown = at.map((offset, index) =>
      svg("circle", {
        class: index < busy ? "flow-place flow-busy" : "flow-place",
        cx: left + offset + size / 2,
        cy: top + 4.5,
        r: size / 2,
      }),
    );
    if (at.length < limit) {
      const part = { x: left, y: top + 2, height: 5, rx: 2.5 };
      const full = room * Math.min(1, busy / limit);
      shown.push(svg("rect", { class: "flow-groove", ...part, width: room }));
      shown.push(svg("rect", { class: "flow-waiting", ...part, width: full }));
    }
    this._places.replaceChildren(...shown);
  }
}
