// The flow: Immich at the left, routes in the middle, machines at the right, as an SVG.

import { el } from "../shared/dom.js";
import { HEIGHTS, ImmichFrame, MachineView, RouteView, SourceBox } from "./flow_boxes.js";
import { layOut } from "./flow_layout.js";
import { flowOf } from "./flow_model.js";
import { FlowTable } from "./flow_table.js";
import { Motion } from "./motion.js";
import { set, svg } from "../shared/svg.js";

/** @import { Layout } from "./flow_layout.js" */
/** @import { Flow, Link } from "./flow_model.js" */
/** @import { Overview } from "./overview.d.ts" */

/**
 * @typedef {{showRequests: (of: {machine?: string, route?: string}) => void}} Page what
 *     happens when somebody wants to see the requests of a machine or a route
 */

/** Pixels below which boxes have less to tell beside each other. */
const NARROW = 720;

/**
 * Draw the flow into an element.
 *
 * @param {HTMLElement} element empty
 * @param {Page} page
 */
export function mount(element, page) {
  const view = new FlowView(element, page);
  return {
    /**
     * Show this.
     *
     * @param {Overview} overview
     * @param {number} now seconds since 1970, by the proxy's clock
     */
    update(overview, now) {
      view.show(flowOf(overview, now));
    },
    /** Show what was before, and have nothing move: there is nobody to tell of it. */
    still() {
      view.still();
    },
  };
}

class FlowView {
  /**
   * @param {HTMLElement} element
   * @param {Page} page
   */
  constructor(element, page) {
    this._page = page;
    /** @type {Flow|undefined} */
    this._flow = undefined;
    this._isStill = false;
    /** @type {Map<string, LineView>} */
    this._lines = new Map();
    /** @type {Map<string, SourceBox|RouteView|MachineView>} */
    this._boxes = new Map();
    this._under = svg("g", { "aria-hidden": "true" });
    this._motion = new Motion(this._under);
    this._immich = new ImmichFrame();
    this._over = svg("g");
    const label = "From Immich over the routes to the machines; tables with the same follow.";
    const attributes = { class: "flow", role: "group", "aria-label": label };
    this._svg = svg("svg", attributes, this._under, this._immich.node, this._over);
    this._table = new FlowTable();
    this._room = el("div", { class: "flow-room" }, this._svg);
    element.append(this._room, this._table.node);
    new ResizeObserver(() => this._draw()).observe(this._room);
  }

  /** @param {Flow} flow */
  show(flow) {
    this._flow = flow;
    this._isStill = false;
    this._table.show(flow);
    this._draw();
  }

  still() {
    this._isStill = true;
    this._motion.want(false);
  }

  _draw() {
    const width = Math.floor(this._room.clientWidth);
    if (!this._flow || width === 0) return;
    const narrow = width < NARROW;
    const layout = placesOf(this._flow, width, narrow);
    const height = Math.ceil(layout.height);
    set(this._svg, { width, height, viewBox: `0 0 ${width} ${height}` });
    this._svg.classList.toggle("flow-narrow", narrow);
    this._immich.show(sourceWidth(narrow), height, narrow);
    this._drawLines(this._flow.links, layout);
    this._motion.want(!this._isStill && this._flow.links.some(({ rate }) => rate > 0));
    this._drawBoxes(this._flow, layout, narrow);
  }

  /**
   * @param {Link[]} links
   * @param {Layout} layout
   */
  _drawLines(links, layout) {
    const seen = new Set();
    const byEnds = new Map(links.map((link) => [`${link.from} > ${link.to}`, link]));
    for (const { from, to, width, path } of layout.lines) {
      const ends = `${from} > ${to}`;
      const link = /** @type {Link} */ (byEnds.get(ends));
      seen.add(ends);
      let line = this._lines.get(ends);
      if (!line) {
        line = new LineView();
        this._lines.set(ends, line);
        this._under.append(line.node);
      }
      line.show(link, width, path);
    }
    forget(this._lines, seen);
  }

  /**
   * @param {Flow} flow
   * @param {Layout} layout
   * @param {boolean} narrow
   */
  _drawBoxes({ sources, routes, machines }, { boxes }, narrow) {
    // First, for what is moved to another place in the document loses the focus.
    forget(this._boxes, new Set([...sources, ...routes, ...machines].map(({ id }) => id)));
    let place = 0;
    /**
     * @template {SourceBox|RouteView|MachineView} View
     * @param {string} id
     * @param {() => View} make
     */
    const viewOf = (id, make) => {
      const known = /** @type {View|undefined} */ (this._boxes.get(id));
      const view = known ?? make();
      this._boxes.set(id, view);
      // In the order in which they stand, which is that of the Tab key.
      const there = this._over.children[place] ?? null;
      if (there !== view.node) this._over.insertBefore(view.node, there);
      place += 1;
      const box = boxes.get(id);
      if (!box) throw new Error(`${id} has no place`);
      return { view, box };
    };
    for (const source of sources) {
      const { view, box } = viewOf(source.id, () => new SourceBox());
      view.show(source, box, narrow);
    }
    for (const route of routes) {
      const { view, box } = viewOf(route.id, () => {
        const of = { route: route.key };
        return new RouteView(address("route", route.key), () => this._page.showRequests(of));
      });
      view.show(route, box, narrow);
    }
    for (const machine of machines) {
      const { view, box } = viewOf(machine.id, () => {
        const of = { machine: machine.name };
        return new MachineView(address("machine", machine.name), () =>
          this._page.showRequests(of),
        );
      });
      view.show(machine, box, narrow);
    }
  }
}

/** A line, and what moves along it where the system allows motion. */
class LineView {
  constructor() {
    this._line = svg("path", { class: "flow-line" });
    this._moving = svg("path", { class: "flow-moving" });
    this.node = svg("g", {}, this._line, this._moving);
  }

  /**
   * @param {Link} link
   * @param {number} width
   * @param {string} path
   */
  show({ rate, tone, fallback }, width, path) {
    set(this.node, { "data-tone": tone, "data-fallback": String(fallback) });
    set(this.node, { "data-busy": String(rate > 0) });
    set(this._line, { d: path, "stroke-width": width.toFixed(1) });
    set(this._moving, { d: path, "stroke-width": Math.min(4, Math.max(1, width / 3)) });
    // Dashes as short as a wide line would look like a ladder.
    const dash = Math.round(5 + width / 2);
    set(this._line, { "stroke-dasharray": fallback ? `${dash} ${4 + width / 4}` : "none" });
  }
}

/**
 * @param {Flow} flow
 * @param {number} width
 * @param {boolean} narrow
 */
function placesOf({ sources, routes, machines, links }, width, narrow) {
  const heights = narrow ? HEIGHTS.narrow : HEIGHTS.wide;
  const first = sourceWidth(narrow);
  const gaps = narrow ? 32 : width * 0.24;
  const rest = width - first - gaps;
  return layOut(
    [
      { width: first, stretch: true, blocks: blocks(sources, heights.source) },
      { width: rest * 0.46, blocks: blocks(routes, heights.route) },
      { width: rest * 0.54, blocks: blocks(machines, heights.machine) },
    ],
    links,
    width,
    narrow ? 18 : 34,
  );
}

/** @param {boolean} narrow */
function sourceWidth(narrow) {
  return narrow ? 72 : 104;
}

/**
 * @param {{id: string}[]} things
 * @param {number} height
 */
function blocks(things, height) {
  return things.map(({ id }) => ({ id, height }));
}

/**
 * @param {"machine"|"route"} what
 * @param {string} name
 */
function address(what, name) {
  return `debug#${new URLSearchParams({ [what]: name })}`;
}

/**
 * Take away what is shown no longer.
 *
 * @param {Map<string, {node: Element}>} views
 * @param {Set<string>} seen
 */
function forget(views, seen) {
  for (const [id, { node }] of views) {
    if (seen.has(id)) continue;
    node.remove();
    views.delete(id);
  }
}
