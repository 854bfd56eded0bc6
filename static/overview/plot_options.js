// How uPlot is to draw: axes, colours of the page, the stack, marks.

import { duration } from "../shared/words.js";
import { lonely } from "./plot_series.js";

/** @import uPlot from "../vendor/uplot/uPlot.d.cts" */
/** @import { Mark } from "./plot_series.js" */

/** How many colours there are for machines. */
const COLOURS = 8;

const FONT = "12px system-ui, sans-serif";

/**
 * In the order in which marks are drawn: what went wrong is hidden by nothing.
 *
 * @type {[Mark["tone"], string][]}
 */
const TONES = [
  ["other", "--muted"],
  ["good", "--good"],
  ["bad", "--bad"],
];

/**
 * Return the colour of a machine, as CSS has it.
 *
 * @param {number} index of the machine
 */
export function colourOf(index) {
  return `var(${seriesToken(index)})`;
}

/**
 * Return how to draw so many machines and the searches.
 *
 * @param {number} count of machines
 * @param {{size: {width: number, height: number}, marks: () => Mark[],
 *     onCursor: () => void}} more
 * @returns {uPlot.Options}
 */
export function optionsOf(count, { size, marks, onCursor }) {
  // The first one is the top of the stack, drawn by the last machine.
  const stack = Array.from({ length: count }, (_, place) => layer(count - 1 - place));
  const bands = stack.slice(1).map((_, place) => ({
    series: /** @type {[number, number]} */ ([place + 1, place + 2]),
  }));
  return {
    ...size,
    series: [{}, ...stack, searches()],
    bands,
    scales: {
      x: { time: true },
      images: { range: (_plot, _least, most) => [0, Math.max(1, (most ?? 0) * 1.1)] },
      ms: { range: (_plot, _least, most) => [0, Math.max(100, (most ?? 0) * 1.25)] },
    },
    axes: [
      axis({ space: 70, size: 26, values: (_plot, times) => times.map(hourAndMinute) }),
      axis({ scale: "images", size: 34, space: 22 }),
      axis({
        scale: "ms",
        side: 1,
        size: 60,
        space: 22,
        grid: { show: false },
        values: (_plot, values) => values.map((value) => (value > 0 ? duration(value) : "")),
      }),
    ],
    legend: { show: false },
    padding: [6, 0, 0, 0],
    cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
    hooks: { draw: [(plot) => drawMarks(plot, marks())], setCursor: [onCursor] },
  };
}

/**
 * @param {number} index of the machine
 * @returns {uPlot.Series}
 */
function layer(index) {
  const fill = () => token(seriesToken(index));
  return { scale: "images", stroke: fill, fill, width: 1, points: { show: false } };
}

/** @returns {uPlot.Series} */
function searches() {
  const stroke = () => token("--search");
  return {
    scale: "ms",
    stroke,
    width: 2,
    points: { show: true, size: 5, fill: stroke, filter: (plot, index) => lonelyOf(plot, index) },
  };
}

/**
 * @param {uPlot} plot
 * @param {number} index
 */
function lonelyOf(plot, index) {
  return lonely(/** @type {(number|null|undefined)[]} */ (plot.data[index]));
}

/**
 * @param {uPlot.Axis} more
 * @returns {uPlot.Axis}
 */
function axis(more) {
  const line = { stroke: () => token("--line"), width: 1 };
  return { stroke: () => token("--muted"), font: FONT, grid: line, ticks: line, gap: 3, ...more };
}

/** @param {number} seconds since 1970 */
function hourAndMinute(seconds) {
  const shown = /** @type {const} */ ({ hour: "numeric", minute: "2-digit" });
  return new Date(seconds * 1000).toLocaleTimeString([], shown);
}

/**
 * Draw each mark as a line from the top to the bottom, with a triangle at its top.
 *
 * @param {uPlot} plot
 * @param {Mark[]} marks
 */
function drawMarks(plot, marks) {
  const { ctx, bbox } = plot;
  const unit = window.devicePixelRatio;
  ctx.save();
  ctx.lineWidth = unit;
  ctx.setLineDash([3 * unit, 3 * unit]);
  const drawn = TONES.flatMap(([tone, colour]) =>
    marks.filter((mark) => mark.tone === tone).map(({ at }) => ({ at, colour })),
  );
  for (const { at, colour } of drawn) {
    const x = Math.round(plot.valToPos(at, "x", true));
    ctx.strokeStyle = token(colour);
    ctx.fillStyle = ctx.strokeStyle;
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    ctx.beginPath();
    ctx.moveTo(x - 4 * unit, bbox.top - 5 * unit);
    ctx.lineTo(x + 4 * unit, bbox.top - 5 * unit);
    ctx.lineTo(x, bbox.top + 2 * unit);
    ctx.fill();
  }
  ctx.restore();
}

/** @param {number} index of the machine */
function seriesToken(index) {
  return `--series-${(index % COLOURS) + 1}`;
}

/**
 * Return what a colour of the page is at the moment.
 *
 * @param {string} name
 */
function token(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim() || "gray";
}
