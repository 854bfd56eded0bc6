// Which machine does which work: the rows of the table, and what a press in it changes. Pure.

import { readRoute, strategyWords } from "./routes.js";
import { routeWord, sentence } from "../shared/words.js";

/** @import { Draft, KeyedRoute } from "./draft.js" */
/** @import { EditedRoute } from "./routes.js" */

/**
 * A row. `route` is what holds for it; `own` the same if it is the row's, else null, and
 * `like` says whose it is. What `isFixed` is decided by a row that is more exact.
 *
 * @typedef {{key: string, title: string, route: EditedRoute, own: EditedRoute|null,
 *     like: string, isFixed: boolean, isStandard: boolean, note: string}} WorkRow
 */

export const DEFAULT = "default";

/**
 * The kinds of work that Immich has: under which keys they have a row of their own, which
 * keys come before that one, and after.
 *
 * @type {{title: string, own: string[], before: string[], after: string[]}[]}
 */
const STANDARD = [
  { title: "Search by text", own: ["clip/textual", "textual"], before: [], after: ["clip"] },
  { title: "Pictures", own: ["clip/visual", "visual"], before: [], after: ["clip"] },
  { title: "Faces", own: ["facial-recognition"], before: exact("facial-recognition"), after: [] },
  { title: "Text in pictures", own: ["ocr"], before: exact("ocr"), after: [] },
];

/** The keys that may have a row of their own, as a list to choose from. */
export const KEYS = [
  { key: "clip", words: "Searches and pictures" },
  { key: "detection", words: "Finding faces or text" },
  { key: "recognition", words: "Recognizing faces or text" },
];

/**
 * Return the rows: what Immich has, what else has a route, and all other work.
 *
 * @param {Draft} draft
 * @returns {WorkRow[]}
 */
export function rowsOf(draft) {
  const find = (/** @type {string[]} */ keys) =>
    keys.map((key) => draft.routes.find((route) => alike(route.key) === key)).find(Boolean);
  const shown = new Set();
  const standard = STANDARD.map(({ title, own, before, after }) => {
    const fixed = find(before);
    const mine = find(own);
    const lent = find(after);
    if (mine) shown.add(mine);
    const route = fixed ?? mine ?? lent ?? draft.default;
    const of = fixed ?? lent;
    return {
      key: mine?.key ?? own[0],
      title,
      route,
      own: fixed ? null : (mine ?? null),
      like: of ? of.key : "all other work",
      isFixed: fixed !== undefined,
      isStandard: true,
      note: noteOf(fixed, mine, of),
    };
  });
  const others = draft.routes.filter((route) => !shown.has(route));
  return [...standard, ...others.map(otherRow), defaultRow(draft)];
}

/**
 * Return a machine's place in a row, from 1 on; 0: it does none of this work.
 *
 * @param {WorkRow} row
 * @param {{name: string}} backend
 */
export function placeIn({ route }, backend) {
  return route.backends.indexOf(/** @type {any} */ (backend)) + 1;
}

/**
 * Give a machine this work, as the last one, or take it away.
 *
 * @param {Draft} draft
 * @param {WorkRow} row
 * @param {{name: string}} backend
 */
export function toggle(draft, row, backend) {
  const place = placeIn(row, backend);
  put(draft, row, backend, place > 0 ? 0 : row.route.backends.length + 1);
}

/**
 * Put a machine at a place in a row, from 1 on; at 0 it does none of this work.
 *
 * @param {Draft} draft
 * @param {WorkRow} row
 * @param {{name: string}} backend
 * @param {number} place one after the last is the last
 */
export function put(draft, row, backend, place) {
  if (row.isFixed) return;
  const route = row.own ?? ownRoute(draft, row);
  const others = route.backends.filter((one) => one !== backend);
  if (place > 0) others.splice(place - 1, 0, backend);
  route.backends = others;
}

/**
 * Return a row's own route; it gets one like that which held for it.
 *
 * @param {Draft} draft
 * @param {WorkRow} row
 */
export function ownRoute(draft, row) {
  if (row.own) return row.own;
  const { saved: _, ...like } = row.route;
  const route = { ...like, saved: undefined, key: row.key, backends: [...like.backends] };
  draft.routes.push(route);
  return route;
}

/**
 * Have a row's work done as if it had no row.
 *
 * @param {Draft} draft
 * @param {WorkRow} row
 */
export function release(draft, row) {
  draft.routes = draft.routes.filter((route) => route !== row.own);
}

/**
 * Add a row for other work, with the machines of all other work.
 *
 * @param {Draft} draft
 * @param {string} key
 */
export function addRow(draft, key) {
  /** @type {KeyedRoute} */
  const route = { ...readRoute(undefined), key, backends: [...draft.default.backends] };
  draft.routes.push(route);
  return route;
}

/** @param {KeyedRoute} route @returns {WorkRow} */
function otherRow(route) {
  const words = routeWord(alike(route.key));
  // What is not known is told as it is written.
  const title = words === alike(route.key) ? route.key : sentence(words);
  const note = strategyWords(route.strategy);
  return { key: route.key, title, route, own: route, like: "", isFixed: false, isStandard: false, note };
}

/** @param {Draft} draft @returns {WorkRow} */
function defaultRow(draft) {
  return {
    key: DEFAULT,
    title: "All other work",
    route: draft.default,
    own: draft.default,
    like: "",
    isFixed: false,
    isStandard: true,
    note: strategyWords(draft.default.strategy),
  };
}

/**
 * @param {KeyedRoute|undefined} fixed
 * @param {KeyedRoute|undefined} mine
 * @param {KeyedRoute|undefined} lent
 */
function noteOf(fixed, mine, lent) {
  if (fixed) return `decided by ${fixed.key}`;
  if (mine) return strategyWords(mine.strategy);
  return lent ? `like ${routeWord(alike(lent.key))}` : "like all other work";
}

/** @param {string} task */
function exact(task) {
  const types = ["detection", "recognition"];
  return [...types.map((type) => `${task}/${type}`), ...types];
}

/** @param {string} key */
function alike(key) {
  return key.replaceAll("_", "-");
}

/**
 * Return why there can be no row for a key; empty if there can.
 *
 * @param {Draft} draft
 * @param {string} key
 */
export function keyProblem(draft, key) {
  if (key === "") return "Say which work it is for.";
  const known = draft.routes.find((route) => alike(route.key) === alike(key));
  if (known) return `There is a row for ${known.key} already.`;
  const standard = STANDARD.find(({ own }) => own.includes(alike(key)));
  if (standard) return `That is the row ${standard.title}.`;
  return key === DEFAULT ? "That is the row All other work." : "";
}
