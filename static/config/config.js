// The configuration page: loads, shows health, checks, saves.

import { tellAccess } from "../shared/access.js";
import { ApiError, get, post, status, versionOf } from "../shared/api.js";
import { ask } from "../shared/ask.js";
import { tellBroken, tellMended, tellStale } from "../shared/banners.js";
import { whileBusy } from "../shared/busy.js";
import { BackendList } from "./backend_list.js";
import { DefaultRoute, RouteList } from "./route_list.js";
import { SettingList } from "./setting_list.js";
import { watchDemo } from "../shared/demo.js";
import { byId, controlById, tell } from "../shared/dom.js";
import { hasChanges, problems, readDraft, writeDraft } from "./draft.js";
import { ImmichSettings } from "./immich_settings.js";
import { nearestField, stepsOf } from "./fields.js";
import { poll } from "../shared/poll.js";
import { plural, timeOfDay } from "../shared/words.js";

/** @import { Configuration } from "../shared/answers.d.ts" */
/** @import { Problem } from "./fields.js" */

const TITLE = document.title;

const form = byId("form");
const saveButton = controlById("save", HTMLButtonElement);
const discardButton = controlById("discard", HTMLButtonElement);

/** Empty until the configuration has come; the form is hidden as long. */
let draft = readDraft({});
/** Of the configuration that is edited. */
let version = "";

const backends = new BackendList(byId("backends"), draft, () => {
  byDefault.refresh();
  routes.refresh();
  changed();
});
const byDefault = new DefaultRoute(byId("default"), draft, changed);
const routes = new RouteList(byId("routes"), draft, changed);
const settings = new SettingList(byId("settings"), changed);
const immich = new ImmichSettings(byId("immich-fields"), changed);
const sections = [backends, byDefault, routes, settings, immich];

/** @param {Configuration} configuration */
function show(configuration) {
  draft = readDraft(configuration);
  version = versionOf("api/config");
  for (const section of sections) section.show(draft);
  form.hidden = false;
  changed();
}

function changed() {
  const unsaved = hasChanges(draft);
  discardButton.disabled = !unsaved;
  document.title = unsaved ? `• ${TITLE}` : TITLE;
  if (unsaved) tell(byId("state"), "Unsaved changes");
  else if (byId("state").textContent === "Unsaved changes") tell(byId("state"), "");
}

async function save() {
  clearErrors();
  try {
    const found = problems(draft);
    if (found.length > 0) refuse(found);
    else await sendOrAsk();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const text = error.message.replace(`${error.field}: `, "");
    refuse([{ steps: stepsOf(error.field), path: error.field, text }]);
  }
}

async function sendOrAsk() {
  await get("api/config");
  // For the one that is told now: one that comes after it is not overwritten either.
  const latest = versionOf("api/config");
  const goesAhead =
    latest === version ||
    (await ask(
      "Overwrite the other changes?",
      ["The configuration was changed elsewhere while this page was open."],
      "Save what is here",
    ));
  if (goesAhead) await send(latest);
}

/** @param {string} meantFor */
async function send(meantFor) {
  const answered = await post("api/config", writeDraft(draft), meantFor);
  const { warnings = [], ...saved } = answered;
  show(saved);
  tellMended(warnings);
  tell(byId("state"), `Saved at ${timeOfDay(new Date())}; in force now`);
  checkHealth();
}

/**
 * Show errors, each at the nearest field, and the first one in words by the button.
 *
 * @param {(Problem & {path?: string})[]} errors
 */
function refuse(errors) {
  const fields = sections.flatMap((section) => section.fields());
  const told = errors.map(({ steps, path, text }) => {
    const nearest = nearestField(steps, fields);
    nearest?.field.refuse(text);
    const called = nearest?.called ?? path;
    return { field: nearest?.field, words: called ? `${called}: ${text}` : text };
  });
  const more = told.length > 1 ? ` (and ${plural(told.length - 1, "more error")})` : "";
  tell(byId("problem"), `Not saved. ${told[0].words}${more}`);
  told[0].field?.control.focus();
}

function clearErrors() {
  tell(byId("problem"), "");
  for (const { field } of sections.flatMap((section) => section.fields())) field.clear();
}

async function discard() {
  clearErrors();
  try {
    show(await get("api/config"));
    byId("add-backend").focus();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    tell(byId("problem"), error.message);
  }
}

const checkHealth = poll(
  async () => {
    if (form.hidden) {
      show(await get("api/config"));
      // The place that the address names is there only now.
      document.getElementById(location.hash.slice(1))?.scrollIntoView();
    }
    const [health, about] = await Promise.all([get("api/health"), status()]);
    backends.showHealth(health);
    tellBroken(about.configError);
    tellMended(about.configWarnings ?? []);
  },
  5,
  tellStale,
);

form.addEventListener("submit", (event) => {
  event.preventDefault();
  whileBusy(saveButton, "Saving…", save);
});
discardButton.addEventListener("click", () => {
  whileBusy(discardButton, "Discarding…", discard);
});
byId("add-backend").addEventListener("click", () => backends.add());
byId("add-route").addEventListener("click", () => routes.add());
window.addEventListener("beforeunload", (event) => {
  if (hasChanges(draft)) event.preventDefault();
});
watchDemo(byId("demo"));
tellAccess();
