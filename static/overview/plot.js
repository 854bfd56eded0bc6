// The plot: images per second by machine, searches' times, and what happened when.

import { el, tell } from "../shared/dom.js";
import { PlotLegend } from "./plot_legend.js";
import { optionsOf } from "./plot_options.js";
import { markNear, seriesOf } from "./plot_series.js";
import { eventWords, summaryWords } from "./plot_words.js";

/** @import uPlot from "../vendor/uplot/uPlot.d.cts" */
/** @import { Overview } from "./overview.d.ts" */
/** @import { Series } from "./plot_series.js" */

/**
 * @typedef {{setRange: (range: "15m"|"24h") => void}} Page what happens when somebody
 *     wants to see another range
 */

/** @type {["15m"|"24h", string][]} */
const RANGES = [
  ["15m", "15 minutes"],
  ["24h", "24 hours"],
];

/** Pixels that the pointer may be away from a mark. */
const REACH = 8;

/** Events that are told to those who hear the page. */
const TOLD = 20;

/**
 * Draw the plot into an element.
 *
 * @param {HTMLElement} element empty
 * @param {Page} page
 */
export function mount(element, page) {
  const view = new PlotView(element, page);
  return {
    /**
     * Show this.
     *
     * @param {Overview} overview
     * @param {number} now seconds since 1970, by the proxy's clock
     */
    update(overview, now) {
      view.show(overview, now);
    },
  };
}

class PlotView {
  /**
   * @param {HTMLElement} element
   * @param {Page} page
   */
  constructor(element, page) {
    this._buttons = RANGES.map(([range, text]) => {
      const onclick = () => page.setRange(range);
      return el("button", { type: "button", "data-range": range, onclick }, text);
    });
    const group = { class: "segmented", role: "group", "aria-label": "Time that is shown" };
    const buttons = el("div", group, ...this._buttons);
    this._legend = new PlotLegend();
    this._canvas = el("div", { class: "plot-canvas", role: "img" });
    this._problem = el("p", { class: "hint", hidden: true });
    this._events = el("ul");
    const hidden = el("div", { class: "visually-hidden" }, el("p", {}, "Events:"), this._events);
    const head = el("div", { class: "plot-head" }, this._legend.node, buttons);
    element.classList.add("plot");
    element.append(head, this._problem, this._canvas, hidden);
    /** @type {uPlot|undefined} */
    this._plot = undefined;
    /** @type {Series|undefined} */
    this._series = undefined;
    this._names = "";
    this._shown = "";
    new ResizeObserver(() => this._resize()).observe(this._canvas);
    const dark = window.matchMedia("(prefers-color-scheme: dark)");
    dark.addEventListener("change", () => this._plot?.redraw(false, true));
  }

  /**
   * @param {Overview} overview
   * @param {number} now
   */
  show(overview, now) {
    const { range, step } = overview.plot;
    const shown = `${overview.cursor} ${range} ${Math.floor(now / step)}`;
    if (shown === this._shown) return;
    this._shown = shown;
    for (const button of this._buttons) {
      const pressed = String(button.dataset.range === range);
      if (button.ariaPressed !== pressed) button.ariaPressed = pressed;
    }
    this._series = seriesOf(overview, now);
    this._canvas.ariaLabel = summaryWords(this._series, range);
    this._tellEvents();
    this._draw();
    this._tell();
  }

  _draw() {
    const series = this._series;
    if (!series) return;
    const plots = /** @type {{uPlot?: typeof uPlot}} */ (window).uPlot;
    tell(this._problem, plots ? "" : "The plot needs a file that did not load: reload the page.");
    if (!plots) return;
    const names = JSON.stringify(series.layers.map(({ name }) => name));
    if (names !== this._names) {
      this._names = names;
      this._plot?.destroy();
      this._plot = undefined;
    }
    const data = dataOf(series);
    if (this._plot) {
      this._plot.setData(data);
      return;
    }
    const size = this._size;
    if (size.width === 0) return;
    const options = optionsOf(series.layers.length, {
      size,
      marks: () => this._series?.marks ?? [],
      onCursor: () => this._tell(),
    });
    this._plot = new plots(options, data, this._canvas);
  }

  _resize() {
    if (this._plot && this._size.width > 0) this._plot.setSize(this._size);
    else this._draw();
  }

  get _size() {
    return { width: this._canvas.clientWidth, height: this._canvas.clientHeight };
  }

  /** Tell the numbers under the pointer; the latest, while it is elsewhere. */
  _tell() {
    const series = this._series;
    if (!series) return;
    const plot = this._plot;
    const index = plot?.cursor.idx;
    const left = plot?.cursor.left ?? -1;
    if (!plot || index == null || left < 0) {
      this._legend.show(series, series.times.length - 1, false, undefined);
      return;
    }
    const reach = plot.posToVal(left + REACH, "x") - plot.posToVal(left, "x");
    const mark = markNear(series.marks, plot.posToVal(left, "x"), reach);
    this._legend.show(series, index, true, mark);
  }

  _tellEvents() {
    const marks = (this._series?.marks ?? []).slice(-TOLD).reverse();
    const texts = marks.map(eventWords);
    if (texts.length === 0) texts.push("None in this time.");
    const known = [...this._events.children].map(({ textContent }) => textContent);
    if (JSON.stringify(known) === JSON.stringify(texts)) return;
    this._events.replaceChildren(...texts.map((text) => el("li", {}, text)));
  }
}

/**
 * Return what uPlot draws: times, the stack from the top down, searches.
 *
 * @param {Series} series
 * @returns {uPlot.AlignedData}
 */
function dataOf({ times, layers, searches }) {
  const stack = layers.map(({ tops }) => tops).reverse();
  return /** @type {uPlot.AlignedData} */ ([times, ...stack, searches]);
}
