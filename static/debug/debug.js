// The debug page: its address tells which requests are listed and which one is opened.

import { ALL, read, written } from "./address.js";
import { Filters } from "./filters.js";
import { lineAt, placeOf } from "./known.js";
import { Opened, prepare } from "./opened.js";
import { Recording } from "./recording.js";
import { RowList } from "./row_list.js";
import { countsWords } from "./row_words.js";
import { Source } from "./source.js";
import { tellAccess } from "../shared/access.js";
import { ApiError, get } from "../shared/api.js";
import { tellStale } from "../shared/banners.js";
import { watchDemo } from "../shared/demo.js";
import { byId, tell } from "../shared/dom.js";

/** @import { Filter } from "./address.js" */
/** @import { Known } from "./known.js" */

let { filter, open } = read(location.hash.slice(1));
/** @type {Known|undefined} */
let known;
/** When that was told, in milliseconds. */
let toldAt = 0;

const recording = new Recording(() => source.refresh());
const filters = new Filters((chosen) => go(chosen, open));
const list = new RowList(byId("lines"), {
  hrefOf: (id) => `#${written(filter, id)}`,
  need: (lines) => source.need(lines),
  since: () => (performance.now() - toldAt) / 1000,
});
const opened = new Opened(byId("detail"), {
  traceHref: (trace) => `#${written({ ...ALL, trace, pings: filter.pings, pages: filter.pages })}`,
  machines: offerMachines,
  close,
  step,
});
const source = new Source(show, tellStale);

/** @param {Known} told @param {boolean} isNew */
function show(told, isNew) {
  if (!known) prepare();
  known = told;
  toldAt = performance.now();
  if (isNew) list.clear();
  list.show(known);
  const isEmpty = known.rows.length + known.underWay.length === 0;
  byId("records").hidden = isEmpty;
  tell(byId("empty"), isEmpty ? whyEmpty(known.total) : "");
  tell(byId("found"), countsWords(known, written(filter) !== ""));
  opened.refresh();
}

/** @param {number} total */
function whyEmpty(total) {
  if (total > 0 && written(filter) !== "") return "No recorded request matches the filters.";
  if (recording.isOn === false) {
    return "Nothing is recorded. Switch recording on to see requests here.";
  }
  return "No request has come since recording was switched on or the records were cleared.";
}

/**
 * Show what the address tells.
 *
 * @param {boolean} isMoved whether somebody wants to read what is opened now
 */
function follow(isMoved) {
  filters.show(filter);
  source.want(filter);
  const isOpening = open !== opened.id && open !== "";
  byId("main").classList.toggle("open", open !== "");
  list.open(open);
  opened.show(open);
  if (isOpening && isMoved) opened.focus();
}

/**
 * Have the address tell this.
 *
 * @param {Filter} chosen
 * @param {string} id
 */
function go(chosen, id) {
  filter = chosen;
  open = id;
  history.replaceState(null, "", `#${written(filter, open)}`);
  follow(true);
}

function close() {
  go(filter, "");
  list.focus();
}

/** @param {1|-1} by */
function step(by) {
  const place = known ? placeOf(known, open) : -1;
  const row = known && place >= 0 ? lineAt(known, place + by) : undefined;
  if (row) go(filter, row.id);
}

/** @param {KeyboardEvent} event */
function press(event) {
  const { key, target } = event;
  if (event.altKey || event.ctrlKey || event.metaKey || document.querySelector("dialog")) return;
  const isField = target instanceof Element && target.matches("input, select, textarea");
  if (key === "/" && !isField) {
    event.preventDefault();
    filters.focus();
  } else if (key === "Enter" && target === byId("text")) {
    list.focus();
  } else if (key === "Escape" && open && !isField) {
    close();
  }
}

/** Offer the machines there are in the filters, and return their names. */
async function offerMachines() {
  try {
    const names = Object.keys(await get("api/health"));
    filters.offer(names);
    return names;
  } catch (error) {
    // The rest of the page tells that the proxy does not answer.
    if (!(error instanceof ApiError)) throw error;
    return [];
  }
}

window.addEventListener("hashchange", () => {
  ({ filter, open } = read(location.hash.slice(1)));
  follow(true);
});
document.addEventListener("keydown", press);
// The address tells which requests are shown: to skip to them must not change it.
document.querySelector(".skip")?.addEventListener("click", (event) => {
  event.preventDefault();
  byId("main").focus();
});
setInterval(() => {
  if (!document.hidden) list.tick();
}, 1000);
follow(false);
offerMachines();
watchDemo(byId("demo"));
tellAccess();
