// The boxes of the flow: each draws one source, route or machine into the place it is given.

import { dots } from "./flow_layout.js";
import { inTwo } from "./flow_words.js";
import { set, svg, Text } from "../shared/svg.js";

/** @import { Box } from "./flow_layout.js" */
/** @import { MachineBox, RouteBox, Source } from "./flow_model.js" */

/** Pixels from the top of a box to its first line of text, and from line to line. */
const LINE = 17;

/** Heights by what is shown in a box; a narrow page has more lines. */
export const HEIGHTS = {
  wide: { source: 62, route: 50, machine: 60 },
  narrow: { source: 62, route: 78, machine: 76 },
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
    const pad = narrow ? 5 : padOf(narrow);
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
    /** @type {Text[]} */
    this._texts = [];
    this._write(this._title);
    this.node.addEventListener("click", (event) => {
      // With such a key it is to be opened elsewhere, which the browser does.
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      onPress();
    });
  }

  /**
   * Have these texts in it, in the order in which they are read.
   *
   * @param {...Text} texts
   */
  _write(...texts) {
    this._texts.push(...texts);
    // A space between them, or they would be read as one word.
    for (const { node } of texts) this.node.append(node, " ");
  }

  /**
   * @param {string} tone
   * @param {Box} box
   */
  _place(tone, { x, y, width, height }) {
    set(this.node, { "data-tone": tone });
    set(this._frame, { x: x + 0.5, y: y + 0.5, width: width - 1, height: height - 1 });
    set(this._stripe, { x, y, height });
  }

  /** Name it by what is seen, then by what there was no room for. */
  _name() {
    const told = this._texts.map(({ shown }) => shown).filter(Boolean);
    const more = this._texts.map(({ cut }) => cut).filter(Boolean);
    const label = [told.join(", "), ...more, "Show its requests"].join(". ");
    set(this.node, { "aria-label": label });
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
    this._second = new Text("flow-title");
    this._lines = [new Text("flow-small"), new Text("flow-small")];
    this._write(this._second, ...this._lines);
    this.node.append(this._groove, this._bar, this._held);
  }

  /**
   * @param {RouteBox} route
   * @param {Box} box
   * @param {boolean} narrow
   */
  show({ title, tone, full, held, words }, box, narrow) {
    this._place(tone, box);
    const left = box.x + padOf(narrow);
    const room = box.width - 2 * padOf(narrow);
    const [first, second] = narrow ? inTwo(title) : [title, ""];
    this._title.show(first, left, box.y + LINE - 2, room);
    this._second.show(second, left, box.y + 2 * LINE - 5, room);
    const y = box.y + (narrow ? 36 : 24);
    set(this._groove, { x: left, y, width: room });
    set(this._bar, { x: left, y, width: Math.round(room * full) });
    set(this._held, { x: left, y, width: Math.round(room * held) });
    const told = words.length > 0 ? words : ["nothing waits"];
    const lines = narrow ? [told[0], told[1] ?? ""] : [told.join(" · "), ""];
    lines.forEach((text, index) => {
      this._lines[index].show(text, left, y + 19 + index * 15, room);
    });
    this._name();
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
    this.node.append(this._places);
    this._write(this._state, this._count, this._rate);
  }

  /**
   * @param {MachineBox} machine
   * @param {Box} box
   * @param {boolean} narrow
   */
  show({ name, tone, state, busy, limit, images, rate, share }, box, narrow) {
    this._place(tone, box);
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
    this._count.show(narrow ? `${busy} of ${limit}` : `${busy} of ${limit} busy`, right, y + 35 + below, room);
    set(this._count.node, { "text-anchor": "end" });
    this._showPlaces(busy, limit, left, y + 26 + below, room - this._count.width - pad);
    const told = narrow ? `${images}/s · ${share}` : `${rate} · ${share} of all`;
    this._rate.show(told, left, y + 52 + below, room);
    this._name();
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
