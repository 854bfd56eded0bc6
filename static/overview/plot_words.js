// Puts what the plot shows into words. Pure.

import { duration, rateWords } from "../shared/words.js";
import { latest } from "./plot_series.js";

/** @import { Mark, Series } from "./plot_series.js" */

const RANGES = { "15m": "the last 15 minutes", "24h": "the last 24 hours" };

/**
 * Say what the plot looks like.
 *
 * @param {Series} series
 * @param {"15m"|"24h"} range
 */
export function summaryWords({ layers, searches, marks }, range) {
  const tops = layers.at(-1)?.tops ?? [];
  const most = tops.reduce((one, other) => Math.max(one, other), 0);
  const told = [
    `Images per second in ${RANGES[range]}: now ${rateWords(tops.at(-1) ?? 0)}`,
    `${rateWords(most)} at the most`,
  ];
  const last = latest(searches);
  if (last) told.push(`95 % of the last searches took up to ${duration(last)}`);
  told.push(`${marks.length} ${marks.length === 1 ? "event" : "events"}`);
  return `${told.join(", ")}.`;
}

/**
 * Say when what happened.
 *
 * @param {Mark} mark
 */
export function eventWords({ at, text }) {
  return `${clock(at)} ${text}`;
}

/**
 * Return the local time of day.
 *
 * @param {number} seconds since 1970
 */
export function clock(seconds) {
  return new Date(seconds * 1000).toLocaleTimeString();
}
