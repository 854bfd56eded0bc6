// Dialogs that show changes before they are made: what will be saved, and what contradicts
// what somebody else has saved.

import { choose } from "../shared/ask.js";
import { el, freshId } from "../shared/dom.js";
import { plural } from "../shared/words.js";
import { changeLine, changeWords } from "./change_words.js";

/** @import { Change, Conflict } from "./changes.js" */

/** Most changes that are told one by one. */
const MOST = 100;

/**
 * Show what will be changed, and ask whether to go ahead.
 *
 * @param {string} question
 * @param {Change[]} changes
 * @param {string[]} warnings what there is to know before
 * @param {string} action what the button says that goes ahead
 */
export async function review(question, changes, warnings, action) {
  const told = warnings.length > 0 ? [el("p", {}, "What you should know:"), listOf(warnings, "warnings")] : [];
  const content = [changeList(changes), ...told];
  const answer = { label: action, value: "yes", looks: "primary", first: true };
  return (await choose(question, content, [answer])) === "yes";
}

/**
 * Return changes as a list.
 *
 * @param {Change[]} changes
 */
export function changeList(changes) {
  const lines = changes.slice(0, MOST).map(changeLine);
  const left = changes.length - lines.length;
  return listOf(left > 0 ? [...lines, `… and ${plural(left, "more change")}`] : lines, "changes");
}

/**
 * Show what contradicts each other, side by side, and have one of each chosen.
 *
 * @param {Conflict[]} conflicts
 * @returns {Promise<boolean[]|null>} whether mine is chosen, of each; null: nothing is to
 *     be saved
 */
export async function settle(conflicts) {
  const chosen = conflicts.map(() => true);
  const content = [
    el("p", {}, "Somebody else has saved these meanwhile. Choose what is to hold; all else of both is kept."),
    ...conflicts.map((conflict, index) => sides(conflict, (isMine) => (chosen[index] = isMine))),
  ];
  const answers = [{ label: "Save what is chosen", value: "yes", looks: "primary" }];
  const answer = await choose("Both of you changed the same", content, answers);
  return answer === "yes" ? chosen : null;
}

/**
 * @param {Conflict} conflict
 * @param {(isMine: boolean) => void} choseMine
 */
function sides({ mine, theirs }, choseMine) {
  const name = freshId();
  const side = (/** @type {string} */ label, /** @type {Change[]} */ changes, /** @type {boolean} */ isMine) => {
    const input = el("input", { type: "radio", name, value: isMine ? "mine" : "theirs", onchange: () => choseMine(isMine) });
    input.checked = isMine;
    const words = changes.map(changeWords);
    const told = words.map(({ what, after }) =>
      el("span", { class: "value" }, words.length > 1 || mine.length > 1 || theirs.length > 1 ? `${what} ${after}` : after),
    );
    return el("label", { class: "box" }, input, el("span", {}, el("small", { class: "muted" }, label), ...told));
  };
  const { what, before } = changeWords(mine[0]);
  return el(
    "fieldset",
    { class: "conflict" },
    el("legend", {}, `${what.replace(/:$/, "")} (it was ${before})`),
    el("div", { class: "sides" }, side("Yours", mine, true), side("Theirs", theirs, false)),
  );
}

/**
 * @param {string[]} texts
 * @param {string} kind
 */
function listOf(texts, kind) {
  return el("ul", { class: `lines ${kind}` }, ...texts.map((text) => el("li", {}, text)));
}
