// What the flow shows of the overview: sources, routes, machines and what goes where. Pure.

import { lineOf, machineState, routeTitle, waitingWords } from "./flow_words.js";
import { rateWords } from "../shared/words.js";

/** @import { Machine, Overview, Rates, Route } from "./overview.d.ts" */

/**
 * @typedef {"good"|"warn"|"bad"|"idle"} Tone
 * @typedef {{id: string, title: string, rate: number, words: string}} Source
 * @typedef {{id: string, key: string, title: string, tone: Tone, full: number,
 *     held: number, words: string[]}} RouteBox `full` (0 to 1): how much of the bar is
 *     filled, `held` how much of that by work that waits for a machine that is down
 * @typedef {{id: string, name: string, tone: Tone, state: string, busy: number,
 *     limit: number, images: string, rate: string, share: string}} MachineBox `images`: how
 *     many it answers per second, `rate`: the same in words and with its searches
 * @typedef {{from: string, to: string, rate: number, tone: Tone, fallback: boolean}} Link
 *     `rate` in requests per second
 * @typedef {{sources: Source[], routes: RouteBox[], machines: MachineBox[],
 *     links: Link[]}} Flow
 */

/** @type {{kind: "search"|"image", title: string}[]} */
const SOURCES = [
  { kind: "search", title: "Searches" },
  { kind: "image", title: "Images" },
];

/**
 * Return what to show.
 *
 * @param {Overview} overview
 * @param {number} now seconds since 1970, by the proxy's clock
 * @returns {Flow}
 */
export function flowOf(overview, now) {
  const { routes, machines } = overview;
  return {
    sources: SOURCES.map(({ kind, title }) => {
      const rate = routes.reduce((sum, { arrived }) => sum + (arrived[kind] ?? 0), 0);
      return { id: kind, title, rate, words: `${rateWords(rate)}/s` };
    }),
    routes: routes.map((route) => routeBox(route, routes.length === 1, now)),
    machines: machines.map((machine) => machineBox(machine, now)),
    links: [...arriving(routes), ...routes.flatMap((route) => leaving(route, machines, now))],
  };
}

/**
 * @param {Route} route
 * @param {boolean} alone
 * @param {number} now
 * @returns {RouteBox}
 */
function routeBox(route, alone, now) {
  const { waiting, held } = lineOf(route);
  const title = routeTitle(route.key, alone);
  // Ten that wait are to be seen beside the thousand that may.
  const full = Math.min(1, Math.log1p(waiting) / Math.log1p(Math.max(route.maxWaiting, 1)));
  return {
    id: `route ${route.key}`,
    key: route.key,
    title,
    tone: routeTone(route, held),
    full,
    held: waiting > 0 ? (full * held) / waiting : 0,
    words: waitingWords(route, now),
  };
}

/**
 * @param {Route} route
 * @param {number} held
 * @returns {Tone}
 */
function routeTone(route, held) {
  if (route.down) return "bad";
  return held > 0 ? "warn" : "good";
}

/**
 * @param {Machine} machine
 * @param {number} now
 * @returns {MachineBox}
 */
function machineBox(machine, now) {
  const { tone, text } = machineState(machine, now);
  const { search = 0, image = 0 } = machine.rate;
  const searches = search > 0 ? `, ${rateWords(search)} searches/s` : "";
  return {
    id: `machine ${machine.name}`,
    name: machine.name,
    tone,
    state: text,
    busy: machine.inFlight,
    limit: machine.limit,
    images: rateWords(image),
    rate: `${rateWords(image)} images/s${searches}`,
    share: `${Math.round(machine.share * 100)} %`,
  };
}

/**
 * Return what comes from Immich: what does, and without a line nothing that may.
 *
 * @param {Route[]} routes
 */
function arriving(routes) {
  const keys = new Set(routes.map(({ key }) => key));
  return SOURCES.flatMap(({ kind }) =>
    routes
      .filter(({ key, arrived }) => (arrived[kind] ?? 0) > 0 || mayCome(kind, key, keys))
      .map((route) => ({
        from: kind,
        to: `route ${route.key}`,
        rate: route.arrived[kind] ?? 0,
        tone: routeTone(route, lineOf(route).held),
        fallback: false,
      })),
  );
}

/**
 * Whether work of a kind can come to a route, by the keys that there are.
 *
 * @param {"search"|"image"} kind
 * @param {string} key
 * @param {Set<string>} keys of all routes
 */
function mayCome(kind, key, keys) {
  const [own, other] = kind === "search" ? ["textual", "visual"] : ["visual", "textual"];
  if (key === own || key === `clip/${own}`) return true;
  if (key === other || key === `clip/${other}`) return false;
  const taken = keys.has(own) || keys.has(`clip/${own}`);
  if (key === "clip") return !taken;
  // Every task but clip is of images.
  return kind === "image" || (key === "default" && !taken && !keys.has("clip"));
}

/**
 * Return what goes from a route to machines.
 *
 * @param {Route} route
 * @param {Machine[]} machines
 * @param {number} now
 * @returns {Link[]}
 */
function leaving(route, machines, now) {
  const own = new Set(route.machines);
  const wanted = new Set([...own, ...route.fallback, ...Object.keys(route.to)]);
  return machines
    .filter(({ name }) => wanted.has(name))
    .map((machine) => ({
      from: `route ${route.key}`,
      to: `machine ${machine.name}`,
      rate: total(Object.hasOwn(route.to, machine.name) ? route.to[machine.name] : {}),
      tone: machineState(machine, now).tone,
      fallback: !own.has(machine.name),
    }));
}

/** @param {Rates} rates */
function total({ search = 0, image = 0 }) {
  return search + image;
}
