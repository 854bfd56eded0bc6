// The debug page: the switch, the limit, the filters, and the live list of records.

import { tellAccess } from "../shared/access.js";
import { ApiError, get, post, remove } from "../shared/api.js";
import { tellStale } from "../shared/banners.js";
import { watchDemo } from "../shared/demo.js";
import { byId, controlById, tell } from "../shared/dom.js";
import { poll } from "../shared/poll.js";
import { RecordList } from "./record_list.js";
import { narrowedWords, selected } from "./records.js";
import { plural } from "../shared/words.js";

/** @import { DebugRecord, DebugStatus } from "../shared/answers.d.ts" */

const list = new RecordList(byId("records"), byId("more"));
const recording = controlById("enabled", HTMLInputElement);
const limit = controlById("limit", HTMLInputElement);
const typeFilter = controlById("filter-type", HTMLSelectElement);
const textFilter = controlById("text", HTMLInputElement);
const traceFilter = controlById("filter-trace", HTMLInputElement);
/** @type {DebugRecord[]} */
let records = [];
/** @type {DebugStatus|undefined} */
let status;
/** @type {string[]|undefined} */
let routes;

/**
 * Show what `/api/debug/status` tells.
 *
 * @param {DebugStatus} told
 */
function showStatus(told) {
  status = told;
  recording.checked = told.enabled;
  tell(byId("count"), `${told.recordCount} of ${plural(told.maxRecords, "record")} kept`);
  // A number that is being typed is not overwritten.
  if (document.activeElement !== limit && limit.value === limit.defaultValue) {
    limit.defaultValue = String(told.maxRecords);
    limit.value = limit.defaultValue;
  }
  byId("controls").hidden = false;
}

function showRecords() {
  const wanted = new URLSearchParams(location.hash.slice(1));
  const [trace, machine, route] = ["trace", "machine", "route"].map((name) => wanted.get(name) ?? "");
  const narrowed = { trace, machine, route, failed: wanted.has("failed") };
  const found = selected(
    records,
    { ...narrowed, type: typeFilter.value, text: textFilter.value },
    routes ?? [],
  );
  list.show(found);
  tell(byId("narrowed-to"), narrowedWords(narrowed));
  byId("narrowed").hidden = byId("narrowed-to").hidden;
  if (traceFilter.value.trim() !== trace) traceFilter.value = trace;
  tell(byId("empty"), found.length > 0 ? "" : whyEmpty());
}

function whyEmpty() {
  if (records.length > 0) return "No record matches the filters.";
  if (!status?.enabled) return "Nothing is recorded. Switch recording on to see requests here.";
  return "No request has come since recording was switched on or the records were cleared.";
}

const refresh = poll(
  async () => {
    const told = await get("api/debug/status");
    // Records can be many: while none can come, they are not asked for again.
    const mayDiffer = told.enabled || JSON.stringify(told) !== JSON.stringify(status);
    if (mayDiffer) records = await get("api/debug/records");
    // It would be recorded each time: it is asked for once, and where it is needed.
    const isNeeded = !routes && new URLSearchParams(location.hash.slice(1)).has("route");
    if (isNeeded) routes = Object.keys((await get("api/config")).taskRouting ?? {});
    showStatus(told);
    if (mayDiffer || isNeeded) showRecords();
  },
  2,
  tellStale,
);

/**
 * Do what a control asks for; tell if it fails, and show what is true then.
 *
 * @param {() => Promise<unknown>} action
 */
async function act(action) {
  tell(byId("problem"), "");
  try {
    await action();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    tell(byId("problem"), error.message);
  }
  refresh();
}

recording.addEventListener("change", () => {
  const enabled = recording.checked;
  act(() => post("api/debug/toggle", { enabled }));
});
byId("clear").addEventListener("click", () => act(() => remove("api/debug/records")));
byId("limits").addEventListener("submit", (event) => {
  event.preventDefault();
  act(async () => {
    await post("api/debug/max-records", { maxRecords: Number(limit.value) });
    limit.defaultValue = limit.value;
  });
});
byId("filters").addEventListener("submit", (event) => event.preventDefault());
typeFilter.addEventListener("change", showRecords);
textFilter.addEventListener("input", showRecords);
traceFilter.addEventListener("input", () => {
  const trace = traceFilter.value.trim();
  history.replaceState(null, "", trace ? `#trace=${encodeURIComponent(trace)}` : "#");
  showRecords();
});
window.addEventListener("hashchange", () => {
  showRecords();
  refresh();
});
// The address tells which records are shown: to skip to them must not change it.
document.querySelector(".skip")?.addEventListener("click", (event) => {
  event.preventDefault();
  byId("main").focus();
});
watchDemo(byId("demo"));
tellAccess();
