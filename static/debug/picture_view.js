// Shows the picture of a request, with the faces and texts that were found in it.

import { foundWords, shapesOf } from "./boxes.js";
import { el } from "../shared/dom.js";
import { svg } from "../shared/svg.js";
import { sentence } from "../shared/words.js";

/** @import { Detail } from "./debug.d.ts" */

/**
 * Return the picture, and what was found in it as a list.
 *
 * @param {Detail} detail
 * @returns {HTMLElement[]}
 */
export function pictureView(detail) {
  const shapes = shapesOf(detail);
  const { id, imageWidth, imageHeight } = detail;
  const whole = `api/debug/records/${encodeURIComponent(id)}/picture`;
  const src = `api/debug/records/${encodeURIComponent(id)}/thumbnail?size=large`;
  const found = foundWords(shapes);
  const image = el("img", { src, alt: `The picture that was sent${found && `; found: ${found}`}` });
  const frame = el("div", { class: "picture" }, image);
  if (shapes.length > 0) {
    const box = `0 0 ${imageWidth} ${imageHeight}`;
    const drawn = shapes.map(({ kind, points }) => svg("polygon", { class: kind, points }));
    const drawing = { viewBox: box, preserveAspectRatio: "none", "aria-hidden": "true" };
    frame.append(svg("svg", drawing, ...drawn));
  }
  const gone = el("p", { class: "hint", hidden: true }, "The picture is not kept any more.");
  image.addEventListener("error", () => {
    frame.hidden = true;
    link.hidden = true;
    gone.hidden = false;
  });
  const link = el("a", { href: whole, target: "_blank" }, "The picture as it was sent");
  return [frame, gone, el("p", { class: "hint" }, link), ...listOf(shapes.map(({ label }) => label), found)];
}

/**
 * @param {string[]} labels
 * @param {string} found
 */
function listOf(labels, found) {
  if (labels.length === 0) return [];
  const lines = labels.map((label) => el("li", {}, label));
  return [
    el("details", { class: "fold" }, el("summary", {}, sentence(found)), el("ul", {}, ...lines)),
  ];
}
