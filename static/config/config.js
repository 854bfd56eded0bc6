// The configuration page: loads, shows health, checks, saves.

import { tellAccess } from "../shared/access.js";
import { ApiError, get, post, status, versionOf } from "../shared/api.js";
import { tellBroken, tellMended, tellStale } from "../shared/banners.js";
import { whileBusy } from "../shared/busy.js";
import { watchDemo } from "../shared/demo.js";
import { byId, controlById, el, tell } from "../shared/dom.js";
import { menu } from "../shared/menu.js";
import { poll } from "../shared/poll.js";
import { plural, timeOfDay } from "../shared/words.js";
import { BackendList } from "./backend_list.js";
import { changeLine } from "./change_words.js";
import { changesBetween } from "./changes.js";
import { problems } from "./draft.js";
import { Editing } from "./editing.js";
import { stepsOf } from "./fields.js";
import { askForFile } from "./import_dialog.js";
import { LiveCheck } from "./live_check.js";
import { addRow, keyProblem } from "./matrix.js";
import { hashOf, placeOf } from "./place.js";
import { clearErrors, mark } from "./refusals.js";
import { save, withoutWarnings } from "./save.js";
import { SettingList } from "./setting_list.js";
import { WorkAdder } from "./work_adder.js";
import { WorkList } from "./work_list.js";

/** @import { Configuration, Saved, Status, Warnings } from "../shared/answers.d.ts" */
/** @import { Change } from "./changes.js" */
/** @import { Problem } from "./fields.js" */

const TITLE = document.title;
const FILE = "immich-ml-proxy.json";

const form = byId("form");
const saveButton = controlById("save", HTMLButtonElement);
const discardButton = controlById("discard", HTMLButtonElement);
const undoButton = controlById("undo", HTMLButtonElement);

/** Empty until the configuration has come; the form is hidden as long. */
const editing = new Editing();
/** Why nothing can be saved; empty if it can. */
let readOnly = "";
let canUndo = false;
let isUndone = false;
/** Why what was typed would be refused, as far as is known. */
let wouldBeRefused = "";
/** Counts what puts a configuration in force: an answer from before is old. */
let round = 0;

const backends = new BackendList(byId("backends"), editing.draft, () => {
  work.refresh();
  changed();
}, opened("machine"));
const work = new WorkList(byId("work-table"), byId("work"), editing.draft, changed, opened("work"));
const settings = new SettingList(byId("settings"), changed, (id, isOpen) => opened(id)("", isOpen));
const sections = [backends, work, settings];

const check = new LiveCheck(
  () => (problems(editing.draft).length > 0 ? null : { document: editing.document(), version: editing.version }),
  ({ warnings, refused }) => {
    warn(warnings);
    const [told] = refused ? mark(sections, [problemOf(refused)]) : [];
    wouldBeRefused = told?.words ?? "";
    tellState();
  },
);

/**
 * Show what is in force, in place of what was typed.
 *
 * @param {Configuration} configuration
 * @param {string} version
 */
function begin(configuration, version) {
  editing.begin(configuration, version);
  wouldBeRefused = "";
  tellElsewhere([]);
  showDraft();
  check.soon();
}

function showDraft() {
  for (const section of sections) section.show(editing.draft);
  form.hidden = false;
  tellState();
}

function changed() {
  wouldBeRefused = "";
  tellState();
  check.soon();
}

function tellState() {
  const isChanged = editing.isChanged;
  const count = editing.changes().length;
  discardButton.disabled = !isChanged;
  document.title = isChanged ? `• ${TITLE}` : TITLE;
  undoButton.hidden = isChanged || !canUndo || readOnly !== "";
  undoButton.textContent = isUndone ? "Redo it" : "Undo the last save";
  const words = count > 0 ? plural(count, "unsaved change") : "Unsaved changes";
  const state = byId("state");
  if (isChanged) tell(state, [words, wouldBeRefused].filter(Boolean).join(". "));
  else if (/^(\d+ u|U)nsaved change/.test(state.textContent ?? "")) tell(state, "");
  state.classList.toggle("error", isChanged && wouldBeRefused !== "");
}

/** @param {Warnings} warnings */
function warn({ warningsAt = [] }) {
  /** @type {Map<string, string[]>} */
  const byKey = new Map();
  for (const { path, text } of warningsAt) {
    const [first, key] = stepsOf(path).map(String);
    if (first === "taskRouting") byKey.set(key, [...(byKey.get(key) ?? []), text]);
  }
  work.warn(byKey);
}

async function trySave() {
  clearErrors(sections);
  tell(byId("problem"), "");
  const found = problems(editing.draft);
  if (found.length > 0) return refuse(found);
  if (!editing.isChanged) return tell(byId("state"), "There is nothing to save.");
  try {
    round += 1;
    const outcome = await save(editing, backends.warnings(), showDraft);
    if (!outcome) return;
    isUndone = false;
    inForce(outcome.saved, `Saved at ${timeOfDay(new Date())}; in force now`);
    tellJoined(outcome.theirs);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    refuse([problemOf(error)]);
  } finally {
    round += 1;
  }
}

/**
 * Show what was put in force.
 *
 * @param {Saved} saved
 * @param {string} words
 */
function inForce(saved, words) {
  begin(withoutWarnings(saved), versionOf("api/config"));
  tellMended(saved.warnings ?? []);
  warn(saved);
  canUndo = true;
  tell(byId("state"), words);
  tellState();
  // What had the focus may be gone, as it is shown anew.
  if (document.activeElement === document.body) saveButton.focus();
  lookAgain();
}

async function undo() {
  tell(byId("problem"), "");
  try {
    round += 1;
    const before = editing.base;
    const saved = await post("api/config/undo", {});
    // Undoing names no version of what comes after it.
    await get("api/config");
    isUndone = !isUndone;
    inForce(saved, isUndone ? "The last save is undone" : "It is in force again");
    tellDone(isUndone ? "Undone:" : "Done again:", changesBetween(before, withoutWarnings(saved)));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    tell(byId("problem"), error.message);
  } finally {
    round += 1;
  }
}

/** @param {ApiError} error @returns {Problem & {path: string}} */
function problemOf(error) {
  return { steps: stepsOf(error.field), path: error.field, text: problemWords(error) };
}

/** @param {ApiError} error */
function problemWords({ message, field }) {
  return message.startsWith(`${field}: `) ? message.slice(field.length + 2) : message;
}

/**
 * Show errors, each at the nearest field, and the first one in words by the button.
 *
 * @param {(Problem & {path?: string})[]} errors
 */
function refuse(errors) {
  const told = mark(sections, errors);
  const more = told.length > 1 ? ` (and ${plural(told.length - 1, "more error")})` : "";
  tell(byId("problem"), `Not saved. ${told[0].words}${more}`);
  told[0].field?.reveal();
  told[0].field?.control.focus();
}

async function discard() {
  clearErrors(sections);
  tell(byId("problem"), "");
  try {
    const current = await get("api/config");
    begin(current, versionOf("api/config"));
    byId("add-backend").focus();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    tell(byId("problem"), error.message);
  }
}

async function importFile() {
  history.replaceState(null, "", hashOf("import"));
  const document = await askForFile(editing.base);
  history.replaceState(null, "", location.pathname);
  if (!document) return;
  editing.replace(document);
  showDraft();
  check.soon();
  saveButton.focus();
}

function exportFile() {
  el("a", { href: "api/config", download: FILE }).click();
}

/**
 * Tell what somebody else has changed while something was typed here.
 *
 * @param {Change[]} theirs
 */
function tellElsewhere(theirs) {
  byId("elsewhere").hidden = theirs.length === 0;
  byId("elsewhere-changes").replaceChildren(...theirs.map((change) => el("li", {}, changeLine(change))));
}

/** @param {Change[]} theirs what was saved together with what was typed */
function tellJoined(theirs) {
  tellDone("Saved together with what was changed elsewhere:", theirs);
}

/**
 * @param {string} words
 * @param {Change[]} changes
 */
function tellDone(words, changes) {
  tell(byId("done"), changes.length > 0 ? [words, ...changes.map(changeLine)].join("\n") : "");
}

/**
 * Take over what is in force now, unless something was typed.
 *
 * @param {Configuration} current
 * @param {string} version
 */
function follow(current, version) {
  if (version === editing.version) return tellElsewhere([]);
  // What has the focus in there would be gone.
  const isInUse = document.querySelector("dialog, #form section :focus") !== null;
  if (!isInUse && !editing.isChanged) {
    begin(current, version);
    tell(byId("state"), "It was changed elsewhere; this is in force now.");
  } else if (editing.isChanged) tellElsewhere(changesBetween(editing.base, current));
}

/** @param {Status} about */
function showStatus({ configError, configWarnings = [], undo = null, readOnly: reason }) {
  tellBroken(configError);
  tellMended(configWarnings);
  readOnly = reason ?? "";
  tell(byId("read-only"), readOnly);
  saveButton.disabled = readOnly !== "";
  canUndo = undo !== null;
  tellState();
}

const lookAgain = poll(
  async () => {
    const began = round;
    const [health, about, current] = await Promise.all([get("api/health"), status(), get("api/config")]);
    if (form.hidden) {
      begin(current, versionOf("api/config"));
      goTo(location.hash);
    } else if (began === round) follow(current, versionOf("api/config"));
    backends.showHealth(health);
    showStatus(about);
  },
  5,
  tellStale,
);

/**
 * Open what an address names.
 *
 * @param {string} hash
 */
function goTo(hash) {
  const { what, name } = placeOf(hash);
  if (what === "import") importFile();
  const opens = { machine: () => backends.open(name), work: () => work.open(name) };
  const open = Object.hasOwn(opens, what) ? opens[/** @type {keyof typeof opens} */ (what)] : () => settings.open(what);
  open()?.scrollIntoView({ block: "nearest" });
}

/** @param {string} what */
function opened(what) {
  return (/** @type {string} */ name, /** @type {boolean} */ isOpen) => {
    const hash = hashOf(what, name);
    if (isOpen) history.replaceState(null, "", hash);
    else if (location.hash === hash) history.replaceState(null, "", location.pathname);
  };
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (!readOnly) whileBusy(saveButton, "Saving…", trySave);
});
discardButton.addEventListener("click", () => whileBusy(discardButton, "Discarding…", discard));
undoButton.addEventListener("click", () => whileBusy(undoButton, "Undoing…", undo));
byId("add-backend").addEventListener("click", () => backends.add());
new WorkAdder(controlById("work-adder", HTMLDetailsElement), (key) => {
  const problem = keyProblem(editing.draft, key);
  if (problem) return problem;
  addRow(editing.draft, key);
  work.refresh();
  work.open(key);
  changed();
  return "";
});
byId("tools").append(
  ...menu("More to do with the configuration", () => [
    { label: "Import", hint: "From a file, which is checked and shown first.", act: importFile },
    { label: "Export", hint: "To a file; secrets are *** in it.", act: exportFile },
  ]),
);
window.addEventListener("hashchange", () => goTo(location.hash));
window.addEventListener("beforeunload", (event) => {
  if (editing.isChanged) event.preventDefault();
});
watchDemo(byId("demo"));
tellAccess();
