// Decides what the overview says first: how it goes, what is wrong, what can be done. Pure.

import { down } from "./down.js";
import { asideWords, isAside, stuckWords } from "./places.js";
import {
  ageWords,
  clockTime,
  countOf,
  countWords,
  list,
  rateWords,
  routeWord,
  sentence,
} from "../shared/words.js";

/** @import { Machine, Overview, Route } from "./overview.d.ts" */
/** @import { Verdict } from "./said.d.ts" */

/** Seconds that a search may wait before it is told. */
const LONG_FOR_A_SEARCH = 5;

/** A machine that failed requests so many seconds ago is told. */
const RECENTLY = 60;

/**
 * Return the verdict.
 *
 * @param {Overview} overview
 * @param {number} now by the proxy's clock
 * @returns {Verdict}
 */
export function verdictOf(overview, now) {
  return (
    broken(overview) ??
    empty(overview) ??
    down(overview, now) ??
    nobody(overview, now) ??
    unread(overview) ??
    slow(overview, now) ??
    failing(overview, now) ??
    well(overview, now)
  );
}

/**
 * Return the verdict when the proxy does not answer.
 *
 * @param {string} reason a sentence
 * @param {number|null} last when it answered last; null: it never did
 * @param {number} now
 * @returns {Verdict}
 */
export function goneVerdict(reason, last, now) {
  const seen = last === null ? "" : ` What you see is ${ageWords(now - last)} old.`;
  return { tone: "bad", text: `${reason}${seen}`, title: "The proxy is gone", actions: [], why: [] };
}

/** @param {Overview} overview @returns {Verdict|null} */
function broken({ configError, machines }) {
  if (!configError || machines.length > 0) return null;
  return {
    tone: "bad",
    text: "The configuration file cannot be used: save a new one, or mend the file, which is then read again.",
    title: "Broken configuration",
    actions: [{ kind: "open", href: "config", label: "Open the configuration" }],
    why: [configError],
  };
}

/**
 * The file was changed and cannot be used, but what it said before can.
 *
 * @param {Overview} overview
 * @returns {Verdict|null}
 */
function unread({ configError }) {
  if (!configError) return null;
  return {
    tone: "warn",
    text: "Working as before: the configuration file has changed and cannot be used. Mend it; it is then read again.",
    title: "Broken configuration",
    actions: [{ kind: "open", href: "config", label: "Open the configuration" }],
    why: [configError],
  };
}

/** @param {Overview} overview @returns {Verdict|null} */
function empty({ machines }) {
  if (machines.length > 0) return null;
  return {
    tone: "idle",
    text: "No machine yet: tell the proxy the address of your ML server.",
    title: "No machine yet",
    actions: [],
    why: [],
  };
}

/**
 * A route none of whose machines is down, and yet nobody is there: all were put aside.
 *
 * @param {Overview} overview @param {number} now @returns {Verdict|null}
 */
function nobody({ routes, machines }, now) {
  const stuck = routes.filter((route) => route.down);
  const names = stuck.flatMap((route) => [...route.machines, ...route.fallback]);
  const aside = machines.filter((machine) => isAside(machine) && names.includes(machine.name));
  if (stuck.length === 0 || aside.length === 0) return null;
  const byHand = aside.filter(({ by }) => by !== "window");
  return {
    tone: byHand.length > 0 ? "bad" : "warn",
    text: `${sentence(stuckWords(stuck))}: ${aside.map((machine) => asideWords(machine, now)).join(", ")}.`,
    title: `No machine for ${list(stuck.map(({ key }) => routeWord(key)))}`,
    actions: byHand.map(({ name }) => ({ kind: "enable", machine: name, label: `Use ${name} again` })),
    why: [],
  };
}

/** @param {Overview} overview @param {number} now @returns {Verdict|null} */
function slow({ routes }, now) {
  const waiting = routes.flatMap((route) => route.waiting);
  const searches = waiting.filter((one) => one.kind === "search" && now - one.oldest > LONG_FOR_A_SEARCH);
  const full = routes.find((route) => sum(route) >= 0.9 * route.maxWaiting);
  if (searches.length > 0) {
    const oldest = Math.min(...searches.map((one) => one.oldest));
    const count = searches.reduce((total, one) => total + one.waiting, 0);
    return {
      tone: "warn",
      text: `${sentence(countOf(count, "search"))} waiting for a place, the oldest for ${ageWords(now - oldest)}.`,
      title: "Searches wait",
      actions: [{ kind: "open", href: "config", label: "Give searches a machine of their own" }],
      why: ["Searches go before pictures, but what a machine has begun it finishes first. A machine that only searches go to answers them at once."],
    };
  }
  if (!full) return null;
  return {
    tone: "warn",
    text: `The line of ${routeWord(full.key)} is nearly full: ${countWords(sum(full))} of ${countWords(full.maxWaiting)} wait; more would fail.`,
    title: `${routeWord(full.key)}: line nearly full`,
    actions: [],
    why: ["Lower the concurrency in Immich's job settings, or add a machine to the route."],
  };
}

/** @param {Route} route */
function sum({ waiting }) {
  return waiting.reduce((total, one) => total + one.waiting, 0);
}

/** @param {Overview} overview @param {number} now @returns {Verdict|null} */
function failing(overview, now) {
  const ill = overview.machines.filter(
    ({ state, errors }) => state === "up" && errors !== null && now - errors.last < RECENTLY,
  );
  if (ill.length === 0) return null;
  const why = ill.map(({ errors }) => errors?.why).find(Boolean) ?? "";
  const about = `${list(ill.map(({ name }) => name))} failed requests${why ? `: ${why}` : ""}`;
  return {
    tone: "warn",
    text: `${workWords(overview)}, but ${about}.`,
    title: `${ill[0].name} failed requests`,
    actions: [],
    why: ["What one machine fails is asked of another one, so a failure here need not have reached Immich."],
  };
}

/** @param {Overview} overview @param {number} now @returns {Verdict} */
function well(overview, now) {
  const { machines, immich, demo } = overview;
  const aside = machines.filter(isAside);
  const used = machines.filter((machine) => !isAside(machine));
  const known = used.filter(isKnown);
  if (used.length > 0 && known.length < used.length) {
    const rest = used.filter((machine) => !isKnown(machine));
    return {
      tone: "idle",
      text: `Asking ${list(rest.map(({ name }) => name))}…`,
      title: "Asking the machines",
      actions: [],
      why: [],
    };
  }
  const told = [workWords(overview)];
  if (imagesPerSecond(overview) === 0 && !immich.firstCall && !demo) {
    told[0] = "Ready; waiting for Immich’s first call";
  }
  told.push(`${used.length} of ${used.length} in use`);
  told.push(...aside.map((machine) => asideWords(machine, now)));
  return {
    tone: "good",
    text: `${told.join("; ")}.`,
    title: imagesPerSecond(overview) > 0 ? `${rateWords(imagesPerSecond(overview))} images/s` : "Ready",
    actions: [],
    why: [],
  };
}

/** @param {Machine} machine */
function isKnown({ state, resting }) {
  return state === "up" || resting;
}

/** @param {Overview} overview */
function workWords(overview) {
  const images = imagesPerSecond(overview);
  const searches = overview.machines.reduce((total, { rate }) => total + (rate.search ?? 0), 0);
  if (images > 0) return `Working: ${rateWords(images)} images/s`;
  return searches > 0 ? `Working: ${rateWords(searches)} searches/s` : "Ready: nothing to do";
}

/** @param {Overview} overview */
export function imagesPerSecond({ machines }) {
  return machines.reduce((total, { rate }) => total + (rate.image ?? 0), 0);
}
