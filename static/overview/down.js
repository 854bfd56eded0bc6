// Decides what the overview says of machines that are down. Pure.

import { isOf, stuckWords } from "./places.js";
import {
  ageWords,
  clockTime,
  countOf,
  countWords,
  countdown,
  kindWord,
  list,
  plural,
  routeWord,
  sentence,
} from "../shared/words.js";

/** @import { Machine, Overview, Route, Waiting } from "./overview.d.ts" */
/** @import { Action, Verdict } from "./said.d.ts" */

/**
 * Return the verdict where machines are down; null where none is.
 *
 * @param {Overview} overview
 * @param {number} now
 * @returns {Verdict|null}
 */
export function down(overview, now) {
  const gone = overview.machines.filter((machine) => isMissed(machine, overview.routes));
  if (gone.length === 0) return null;
  const names = gone.map(({ name }) => name);
  const since = Math.min(...gone.map((machine) => machine.since));
  const held = heldFor(overview.routes, names);
  const stuck = overview.routes.filter((route) => route.down && names.some((name) => isOf(route, name)));
  const woken = gone.flatMap((machine) => wokenSince(machine));
  const are = gone.length === 1 ? "is" : "are";
  const head = `${list(names)} ${are} down for ${ageWords(now - since)}`;
  const told = [heldWords(held, now) || stuckWords(stuck) || othersWords(overview)];
  if (woken.length > 0) told.push(`woken ${ageWords(now - Math.max(...woken))} ago`);
  const count = held.reduce((sum, waiting) => sum + waiting.held, 0);
  const short = gone.length === 1 ? names[0] : plural(gone.length, "machine");
  return {
    tone: count > 0 || stuck.length > 0 ? "bad" : "warn",
    text: `${head}: ${told.join("; ")}.`,
    title: `${short} down${count > 0 ? `, ${countWords(count)} held` : ""}`,
    actions: [...wakes(gone), ...takes(held)],
    why: whyDown(gone, held, stuck, now),
  };
}

/**
 * Whether a machine is down, and is not just asleep while others do the work.
 *
 * @param {Machine} machine
 * @param {Route[]} routes
 */
function isMissed({ name, state, resting }, routes) {
  if (state !== "down" || !resting) return state === "down";
  return heldFor(routes, [name]).length > 0 || routes.some((route) => route.down && isOf(route, name));
}

/**
 * Return what is held because these machines are down, the most first.
 *
 * @param {Route[]} routes
 * @param {string[]} names
 */
function heldFor(routes, names) {
  return routes
    .flatMap(({ waiting }) => waiting)
    .filter((waiting) => waiting.held > 0 && waiting.for.some((name) => names.includes(name)))
    .sort((one, other) => other.held - one.held);
}

/** @param {Waiting[]} held @param {number} now */
function heldWords(held, now) {
  if (held.length === 0) return "";
  const counted = list(held.map((waiting) => countOf(waiting.held, waiting.kind)));
  const ends = held.flatMap(({ givesUp }) => (givesUp === null ? [] : [givesUp]));
  if (ends.length > 0) {
    return `${counted} held, the oldest gives up in ${countdown(Math.min(...ends) - now)}`;
  }
  const oldest = Math.min(...held.map((waiting) => waiting.oldest));
  return `${counted} held, the oldest for ${countdown(now - oldest)}`;
}

/** @param {Overview} overview */
function othersWords({ machines }) {
  const up = machines.filter(({ state }) => state === "up").map(({ name }) => name);
  return up.length === 0 ? "no machine is left" : `${list(up)} ${up.length === 1 ? "does" : "do"} the work`;
}

/**
 * Return when a machine was last woken since it is down, if it was.
 *
 * @param {Machine} machine
 */
function wokenSince({ woken, since }) {
  return woken !== null && woken >= since ? [woken] : [];
}

/** @param {Machine[]} gone @returns {Action[]} */
function wakes(gone) {
  return gone
    .filter(({ canWake }) => canWake)
    .map((machine) => {
      const label = wokenSince(machine).length > 0 ? "Wake again" : "Wake";
      const name = machine.name;
      return { kind: "wake", machine: name, label: gone.length > 1 ? `${label}: ${name}` : label };
    });
}

/**
 * Return who could take over what is held, one for each kind of work.
 *
 * @param {Waiting[]} held
 * @returns {Action[]}
 */
function takes(held) {
  return held.flatMap(({ kind, takers, task }) =>
    task === null
      ? []
      : takers.slice(0, 1).map((machine) => ({
          kind: /** @type {const} */ ("take"),
          machine,
          task,
          label: `Let ${machine} do ${kindWord(kind)}`,
        })),
  );
}

/**
 * @param {Machine[]} gone
 * @param {Waiting[]} held
 * @param {Route[]} stuck
 * @param {number} now
 */
function whyDown(gone, held, stuck, now) {
  const told = gone.map(({ name, why, since, url, woken }) => {
    const last = woken === null ? "" : ` It was last sent a wake-up call at ${clockTime(woken, now)}.`;
    return `${name} (${url}) does not answer since ${clockTime(since, now)}: ${why || "no reason is known"}.${last}`;
  });
  for (const { held: count, kind, takers, oldest, for: names } of held) {
    const can = takers.length > 0 ? ` ${list(takers)} could do it, but is not on this route.` : "";
    told.push(
      `${sentence(countOf(count, kind))} waiting for ${list(names)}, the oldest since ${clockTime(oldest, now)}.${can}`,
    );
  }
  for (const { key, holds } of stuck) {
    told.push(
      holds
        ? `The route ${routeWord(key)} holds its work until a machine is back, or it gives up.`
        : `The route ${routeWord(key)} has no other machine, so what Immich asks of it fails, and Immich does not ask again by itself.`,
    );
  }
  if (gone.some(({ canWake }) => !canWake)) {
    told.push("Is it switched on, is its address still the same, does the ML server run there? [Test] in its menu tells what answers there.");
  }
  return told;
}
