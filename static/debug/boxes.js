// Where in a picture faces and texts were found. Pure.

/** @import { Detail, TextBox } from "./debug.d.ts" */

/**
 * `points`: corners of a shape in pixels of the picture, as an SVG takes them.
 *
 * @typedef {{kind: "face"|"text", points: string, label: string}} Shape
 */

/**
 * Return what is drawn on a picture.
 *
 * @param {Pick<Detail, "boxes"|"imageWidth"|"imageHeight">} detail
 * @returns {Shape[]} faces first; none where the picture's size is not known
 */
export function shapesOf({ boxes, imageWidth, imageHeight }) {
  if (!boxes || !imageWidth || !imageHeight) return [];
  const faces = (boxes.faces ?? []).map(({ x1, y1, x2, y2, score }, index) => ({
    kind: /** @type {const} */ ("face"),
    points: pointsOf([x1, y1, x2, y1, x2, y2, x1, y2], 1, 1),
    label: `Face ${index + 1}: ${scoreWords(score)}`,
  }));
  const texts = (boxes.texts ?? []).map(({ points, text, score }) => ({
    kind: /** @type {const} */ ("text"),
    points: isPart({ points }) ? pointsOf(points, imageWidth, imageHeight) : pointsOf(points, 1, 1),
    label: `“${text}”: ${scoreWords(score)}`,
  }));
  return [...faces, ...texts].filter(({ points }) => points !== "");
}

/**
 * Whether corners are told as parts of the picture, as Immich's ML service tells them.
 *
 * @param {Pick<TextBox, "points">} box
 */
function isPart({ points }) {
  return points.every((one) => Math.abs(one) <= 2);
}

/**
 * @param {number[]} numbers x and y of each corner
 * @param {number} width of what a 1 stands for
 * @param {number} height
 */
function pointsOf(numbers, width, height) {
  if (numbers.length % 2 || !numbers.every(Number.isFinite)) return "";
  const scaled = numbers.map((one, index) => round(one * (index % 2 ? height : width)));
  return scaled.join(" ");
}

/** @param {number} pixels */
function round(pixels) {
  return Math.round(pixels * 10) / 10;
}

/** @param {number} score 0 to 1 */
function scoreWords(score) {
  return Number.isFinite(score) ? `${(100 * score).toFixed(0)} % sure` : "not told how sure";
}

/**
 * Say what was found in a picture: "2 faces, 1 text".
 *
 * @param {Shape[]} shapes
 */
export function foundWords(shapes) {
  const count = (/** @type {string} */ kind) => shapes.filter((one) => one.kind === kind).length;
  const told = /** @type {const} */ (["face", "text"]).flatMap((kind) => {
    const found = count(kind);
    return found ? [`${found} ${kind}${found === 1 ? "" : "s"}`] : [];
  });
  return told.join(", ");
}
