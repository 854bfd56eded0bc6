// Shows a request as a line of the list: a link to its details.

import {
  barParts,
  sizeWords,
  statusWords,
  times,
  timesWords,
  timeWords,
  workWords,
} from "./row_words.js";
import { Badge } from "../shared/badge.js";
import { el, tell } from "../shared/dom.js";
import { bytes, duration } from "../shared/words.js";

/** @import { Row } from "./debug.d.ts" */

export class RowView {
  /**
   * @param {Row} row
   * @param {string} href of its details
   */
  constructor(row, href) {
    this._badge = new Badge();
    this._time = el("time");
    this._thumb = el("span", { class: "thumb" });
    this._work = el("span", { class: "what" });
    this._note = el("small");
    this._machine = el("span", { class: "machine" });
    this._wait = el("span", { class: "waited" });
    this._worked = el("span", { class: "worked" });
    this._took = el("span", { class: "took" });
    this._heard = el("span", { class: "visually-hidden" });
    this._size = el("span", { class: "size" });
    this.link = el(
      "a",
      { href, class: "line", tabindex: "-1" },
      this._time,
      this._thumb,
      el("span", { class: "work" }, this._work, " ", this._note),
      this._machine,
      el("span", { class: "status" }, this._badge.node),
      el("span", { class: "bar" }, this._wait, this._worked),
      this._took,
      this._heard,
      this._size,
    );
    this.node = el("li", { class: "row", "data-record-id": row.id }, this.link);
    /** @type {Row|undefined} */
    this._shown = undefined;
  }

  /**
   * Show what is known of it.
   *
   * @param {Row} row
   * @param {number} since seconds since that was told
   */
  show(row, since) {
    if (row !== this._shown) this._showAll(row, since);
    else if (row.state !== "done") this._showTimes(row, since);
    this._shown = row;
  }

  /**
   * Say where in the list it is.
   *
   * @param {number} index from 0
   * @param {number} length -1: not known
   * @param {number} top in pixels
   */
  place(index, length, top) {
    this.node.style.transform = `translateY(${top}px)`;
    this.node.setAttribute("aria-posinset", String(index + 1));
    this.node.setAttribute("aria-setsize", String(length));
  }

  /** @param {boolean} isOpen whether its details are shown */
  mark(isOpen) {
    if (isOpen) this.link.setAttribute("aria-current", "true");
    else this.link.removeAttribute("aria-current");
  }

  /** @param {Row} row @param {number} since */
  _showAll(row, since) {
    const now = new Date();
    const { tone, text } = statusWords(row);
    this.node.dataset.state = row.state;
    this._badge.show(tone, text);
    tell(this._time, timeWords(row, now));
    tell(this._work, workWords(row));
    tell(this._note, row.error || row.models.join(", "));
    this._note.classList.toggle("error", Boolean(row.error));
    this._note.title = this._note.textContent ?? "";
    // It keeps its column where there is none.
    this._machine.textContent = this._machine.title = row.machines.join(", ");
    const isDone = row.state === "done";
    // What is heard of what has the focus must not change all the time.
    this._took.ariaHidden = isDone ? null : "true";
    tell(this._heard, isDone ? timesWords(times(row, 0)) : "");
    tell(this._size, bytes(row.requestBytes + (isDone ? row.responseBytes : 0)));
    this._size.title = isDone ? sizeWords(row) : "";
    if (row.thumbnail && !this._thumb.firstChild) this._thumb.append(thumbnail(row.id));
    this._showTimes(row, since);
  }

  /** @param {Row} row @param {number} since */
  _showTimes(row, since) {
    const taken = times(row, since);
    const { wait, work } = barParts(taken);
    this._wait.style.width = `${wait}%`;
    this._worked.style.width = `${work}%`;
    tell(this._took, duration(taken.wait + taken.work));
    this._took.title = timesWords(taken);
  }
}

/** @param {string} id */
function thumbnail(id) {
  const src = `api/debug/records/${encodeURIComponent(id)}/thumbnail`;
  const image = el("img", { src, alt: "", decoding: "async", width: 32, height: 32 });
  // It may have been forgotten in the meantime.
  image.addEventListener("error", () => image.remove());
  return image;
}
