// Adds a row for work that the table does not have yet.

import { el, freshId } from "../shared/dom.js";
import { textField } from "./form.js";
import { KEYS } from "./matrix.js";

export class WorkAdder {
  /**
   * @param {HTMLDetailsElement} node filled with it
   * @param {(key: string) => string} add adds a row, or says why not
   */
  constructor(node, add) {
    const id = freshId();
    const options = KEYS.map(({ key, words }) => el("option", { value: key }, words));
    const hint = "A task, a type, or both, as clients call it: such as clip, or face-swap/detect.";
    const field = textField("Other work", { list: id, "data-field": "key" }, "", () => {}, hint);
    const input = /** @type {HTMLInputElement} */ (field.control);
    const press = () => {
      const problem = add(input.value.trim());
      if (problem) {
        field.refuse(problem);
        input.focus();
      } else {
        input.value = "";
        node.open = false;
      }
    };
    input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault(); // it would save
      press();
    });
    const button = el("button", { type: "button", id: "add-route", onclick: press }, "Add a row");
    node.append(
      el("summary", {}, "Add a row for other work"),
      el("div", { class: "options" }, field.node, el("p", {}, button)),
      el("datalist", { id }, ...options),
    );
  }
}
