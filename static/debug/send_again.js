// Sends the work of a request to another machine, and tells how alike the answers are.

import { againWords } from "./again_words.js";
import { jsonView } from "./json_view.js";
import { ApiError, post } from "../shared/api.js";
import { whileBusy } from "../shared/busy.js";
import { el, freshId } from "../shared/dom.js";

/** @import { Detail, SentAgain } from "./debug.d.ts" */

/** Seconds that a machine may take: it may have to load a model first. */
const PATIENCE = 300;

/**
 * Return a form that does it.
 *
 * @param {Detail} detail
 * @param {string[]} machines that can be asked
 * @returns {HTMLElement[]}
 */
export function sendAgain({ id, machines: asked, bodyKept, kind }, machines) {
  if (kind !== "predict" || machines.length === 0) return [];
  const title = el("h3", {}, "Send it again");
  if (!bodyKept) {
    const gone = "What was sent is not kept any more, so it cannot be sent again.";
    return [title, el("p", { class: "hint" }, gone)];
  }
  const select = el(
    "select",
    { id: freshId() },
    ...machines.map((name) => el("option", { value: name }, name)),
  );
  // To compare, another machine is the one that is wanted.
  select.value = machines.find((name) => !asked.includes(name)) ?? machines[0];
  const button = el("button", { type: "submit" }, "Send");
  const told = el("div", { role: "status" });
  const form = el("form", { class: "inline again" }, el("label", { for: select.id }, "To"), select, button);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    whileBusy(button, "Sending…", async () => {
      told.replaceChildren();
      told.replaceChildren(...(await answerOf(id, select.value)));
    });
  });
  const hint = "It takes one of the machine’s places, and counts in none of its numbers.";
  return [title, form, el("p", { class: "hint" }, hint), told];
}

/**
 * @param {string} id
 * @param {string} machine
 * @returns {Promise<HTMLElement[]>}
 */
async function answerOf(id, machine) {
  try {
    const path = /** @type {const} */ (`api/debug/records/${encodeURIComponent(id)}/send`);
    return shown(await post(path, { machine }, "", PATIENCE));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return [el("p", { class: "error" }, error.message)];
  }
}

/** @param {SentAgain} sent */
function shown(sent) {
  const { isBad, lines } = againWords(sent);
  const told = lines.map((line) => el("p", { class: isBad ? "error" : "" }, line));
  if (sent.response == null) return told;
  const summary = el("summary", {}, `What ${sent.machine} answered`);
  const nothing = () => Promise.reject(new ApiError("These numbers were not kept."));
  return [...told, el("details", { class: "fold" }, summary, jsonView(sent.response, nothing))];
}
