// What the table says of the replicas of a machine. Pure.

import { countWords, plural } from "../shared/words.js";

/** @import { Replica } from "./overview.d.ts" */
/** @import { Tone } from "../shared/badge.js" */

/** @type {Record<Replica["state"], {tone: Tone, text: string}>} */
const STATES = {
  up: { tone: "good", text: "up" },
  down: { tone: "bad", text: "down" },
  unknown: { tone: "idle", text: "not asked yet" },
  drained: { tone: "idle", text: "drained" },
  disabled: { tone: "idle", text: "disabled" },
  leaving: { tone: "idle", text: "finishing" },
};

/**
 * Say how many replicas a machine has, and how many of them are up if not all are.
 *
 * @param {Replica[]} replicas
 */
export function replicasWords(replicas) {
  const staying = replicas.filter(({ state }) => state !== "leaving");
  if (staying.length === 0) return "no replica: its name has no address yet";
  const up = staying.filter(({ state }) => state === "up").length;
  const count = plural(staying.length, "replica");
  return up === staying.length ? count : `${count}, ${up} up`;
}

/**
 * Say how a replica is: in a word, and what else there is to know.
 *
 * @param {Replica} replica
 * @returns {{tone: Tone, state: string, told: string}}
 */
export function replicaWords({ state, inFlight, limit, served, why, cannot, notes }) {
  const { tone, text } = STATES[state];
  const places = state === "leaving" ? `gone, ${inFlight} under way` : `${inFlight} of ${limit} busy`;
  return {
    tone,
    state: text,
    told: [
      `${places}, ${countWords(served)} done`,
      ...(why ? [why] : []),
      ...(cannot.length > 0 ? [`cannot do: ${cannot.join(", ")}`] : []),
      ...notes,
    ].join("; "),
  };
}
