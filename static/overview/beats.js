// Draws the last hour of a machine, a bar a minute.

import { beatWords } from "./machine_words.js";

const SVG = "http://www.w3.org/2000/svg";
/** Units of the drawing: a bar's width, with the gap to the next, and its height. */
const WIDTH = 3;
const HEIGHT = 18;
/** Letters of `beats` that are drawn; a minute that nothing is known of is left out. */
const LETTERS = ["u", "d", "e", "a"];

export class Beats {
  constructor() {
    this.node = document.createElementNS(SVG, "svg");
    this.node.setAttribute("class", "beats");
    this.node.setAttribute("role", "img");
    this._shown = "";
    this._paths = LETTERS.map((letter) => {
      const path = document.createElementNS(SVG, "path");
      path.setAttribute("data-beat", letter);
      this.node.append(path);
      return path;
    });
  }

  /** @param {string} beats a letter a minute, the last one is this minute's */
  show(beats) {
    if (beats === this._shown) return;
    this._shown = beats;
    this.node.setAttribute("viewBox", `0 0 ${WIDTH * beats.length} ${HEIGHT}`);
    this.node.setAttribute("aria-label", beatWords(beats));
    for (const [index, path] of this._paths.entries()) {
      const bars = [...beats].flatMap((beat, minute) =>
        beat === LETTERS[index] ? [`M${WIDTH * minute} 0h${WIDTH - 1}v${HEIGHT}h-${WIDTH - 1}z`] : [],
      );
      path.setAttribute("d", bars.join(""));
    }
  }
}
