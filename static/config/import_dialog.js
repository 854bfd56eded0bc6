// Takes over a configuration from a file: it is checked and shown before it is.

import { ApiError, post } from "../shared/api.js";
import { choose } from "../shared/ask.js";
import { el, freshId, tell } from "../shared/dom.js";
import { changesBetween } from "./changes.js";
import { changeList } from "./review.js";

/** @import { Configuration } from "../shared/answers.d.ts" */

/**
 * Ask for a file.
 *
 * @param {Configuration} now what is in force, which it is compared with
 * @returns {Promise<Configuration|null>} what it says; null: nothing is taken over
 */
export async function askForFile(now) {
  const id = freshId();
  /** @type {Configuration|null} */
  let read = null;
  const problem = el("p", { class: "error", role: "alert", hidden: true });
  const told = el("div", { role: "status" });
  const onchange = async () => {
    const file = input.files?.[0];
    read = null;
    tell(problem, "");
    told.replaceChildren();
    if (!file) return;
    try {
      const document = parsed(await file.text());
      const { warnings = [] } = await post("api/config/check", document);
      read = document;
      const changes = changesBetween(now, document);
      const lines = warnings.map((text) => el("p", { class: "warning" }, text));
      const what = changes.length > 0 ? "It would change:" : "It says what is in force already.";
      told.replaceChildren(el("p", {}, what), changeList(changes), ...lines);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      tell(problem, `${file.name} cannot be used. ${error.message}`);
    }
  };
  const input = el("input", { id, type: "file", accept: ".json,application/json", onchange });
  const content = [
    el("p", {}, "A file that was exported here, or the config.json of another proxy."),
    el("p", { class: "field" }, el("label", { for: id }, "Configuration file"), input),
    problem,
    told,
  ];
  const answers = [{ label: "Take it over", value: "yes", looks: "primary" }];
  return (await choose("Import a configuration", content, answers)) === "yes" ? read : null;
}

/** @param {string} text @returns {Configuration} */
function parsed(text) {
  try {
    const value = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  } catch {
    // Told below.
  }
  throw new ApiError("It holds no configuration: it must be a JSON object, as in config.json.");
}
