// What the table says of a machine. Pure.

import { untilWords } from "./places.js";
import { ageWords, clockTime, countWords, duration, kindWord, plural } from "../shared/words.js";

/** @import { Kind, Machine, Percentiles } from "./overview.d.ts" */
/** @import { Tone } from "../shared/badge.js" */

/** @type {Record<Machine["state"], {tone: Tone, text: string}>} */
const STATES = {
  up: { tone: "good", text: "Up" },
  down: { tone: "bad", text: "Down" },
  unknown: { tone: "idle", text: "Not asked yet" },
  drained: { tone: "idle", text: "Drained" },
  disabled: { tone: "idle", text: "Disabled" },
};

/** What a letter of `beats` says of a minute. */
const BEATS = /** @type {const} */ ([
  ["d", "down"],
  ["e", "up, but failed requests"],
  ["a", "put aside"],
]);

/**
 * Say how a machine is: what a badge says, and beside it since when.
 *
 * @param {Machine} machine
 * @param {number} now
 * @returns {{tone: Tone, text: string, since: string}}
 */
export function stateWords({ state, since, by, until, resting, beats }, now) {
  if (by === "window") return { tone: "idle", text: "Off", since: `${untilWords(until, now)} by its window` };
  if (resting && state === "up") return { tone: "idle", text: "Resting", since: "until there is work" };
  if (resting) return { tone: "idle", text: "Asleep or off", since: `for ${ageWords(now - since)}` };
  const { tone, text } = STATES[state];
  const ailing = state === "up" && beats.endsWith("e");
  const who = by === "hand" ? "by you " : "";
  return {
    tone: ailing ? "warn" : tone,
    text: ailing ? "Up, with errors" : text,
    since: until || since > 0 ? `${who}${untilWords(until, now) || `for ${ageWords(now - since)}`}` : "",
  };
}

/**
 * Say what it has under way: "2 of 8", with how its limit came about.
 *
 * @param {Machine} machine
 */
export function placesWords({ inFlight, limit, limitFound }) {
  const hint = limitFound ? "The limit was found out by how long requests take" : "The limit was set";
  return { count: `${inFlight} of ${limit}`, hint };
}

/**
 * Say how much it did in the last minute, and of what.
 *
 * @param {Machine} machine
 */
export function doneWords({ perMinute }) {
  const kinds = /** @type {[Kind, number][]} */ (Object.entries(perMinute));
  return {
    count: countWords(kinds.reduce((total, [, count]) => total + count, 0)),
    hint: kinds.map(([kind, count]) => `${countWords(count)} ${kindWord(kind)}`).join(", "),
  };
}

/**
 * Say how long requests took: half of them, and 95 of 100, no longer; empty without any.
 *
 * @param {Percentiles|null} times
 */
export function timeWords(times) {
  return times ? `${duration(times.p50)} / ${duration(times.p95)}` : "";
}

/**
 * Say how often it failed, and why the last time; an empty count if it did not.
 *
 * @param {Machine} machine
 * @param {number} now
 */
export function errorWords({ errors }, now) {
  if (!errors) return { count: "", hint: "" };
  const why = errors.why ? `, the last one: ${errors.why}` : "";
  const since = `since ${clockTime(errors.since, now)}`;
  return { count: countWords(errors.count), hint: `${since}${why}` };
}

/**
 * Say what the last hour was like.
 *
 * @param {string} beats a letter a minute
 */
export function beatWords(beats) {
  const told = BEATS.flatMap(([letter, words]) => {
    const count = [...beats].filter((beat) => beat === letter).length;
    return count > 0 ? [`${words} in ${plural(count, "minute")}`] : [];
  });
  if (told.length > 0) return `Last hour: ${told.join(", ")}`;
  return beats.trim() ? "Last hour: up" : "Last hour: nothing is known";
}

/**
 * Return what else there is to know: what it cannot do first.
 *
 * @param {Machine} machine
 */
export function noteLines({ cannot, notes, why }) {
  const told = cannot.length > 0 ? [`Cannot do: ${cannot.join(", ")}`] : [];
  return [...(why ? [why] : []), ...told, ...notes].filter((note) => !note.startsWith("cannot:"));
}
