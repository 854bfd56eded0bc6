// Where the boxes and lines of the flow stand. Pure: sizes in CSS pixels, y grows downwards.

/**
 * @typedef {{id: string, height: number}} Block what is to be placed; `id` is unique
 * @typedef {{width: number, blocks: Block[], stretch?: boolean}} Column from the left to
 *     the right; with `stretch` its blocks share the whole height
 * @typedef {{from: string, to: string, rate: number}} Link `rate` in requests per second
 * @typedef {{x: number, y: number, width: number, height: number}} Box
 * @typedef {{from: string, to: string, width: number, path: string}} Line `path`: of an
 *     SVG, `width`: of its stroke
 * @typedef {{height: number, boxes: Map<string, Box>, lines: Line[]}} Layout
 */

/** Pixels between the boxes of a column, and between the lines at a box. */
const GAP = 10;
const LINE_GAP = 2;

/** The width of a line that has some traffic, and of one that has none. */
const LEAST = 2;
const NONE = 1;

/** Requests per second below which the lines do not fill their width. */
const BUSY = 1;

/**
 * Return where everything stands.
 *
 * @param {Column[]} columns
 * @param {Link[]} links those whose ends are not placed are left out
 * @param {number} width of the whole
 * @param {number} thickest width of all traffic together
 * @returns {Layout}
 */
export function layOut(columns, links, width, thickest = 34) {
  const height = Math.max(...columns.map(heightOf));
  const boxes = placed(columns, width, height);
  const drawn = links.filter(({ from, to }) => boxes.has(from) && boxes.has(to));
  // As much leaves the routes as comes to them; while a line builds up or empties, not so.
  const all = Math.max(...columns.map(({ blocks }) => leaving(blocks, drawn)));
  const widths = drawn.map(({ rate }) => lineWidth(rate, all, thickest));
  const starts = ports(drawn, widths, boxes, "from");
  const ends = ports(drawn, widths, boxes, "to");
  const lines = drawn.map(({ from, to }, index) => {
    const left = /** @type {Box} */ (boxes.get(from));
    const right = /** @type {Box} */ (boxes.get(to));
    const path = curve(left.x + left.width, starts[index], right.x, ends[index]);
    return { from, to, width: widths[index], path };
  });
  return { height, boxes, lines };
}

/**
 * Return how wide a line is.
 *
 * @param {number} rate requests per second
 * @param {number} all of all lines together
 * @param {number} thickest width of them together
 */
export function lineWidth(rate, all, thickest) {
  if (rate <= 0) return NONE;
  return Math.max(LEAST, (thickest * rate) / Math.max(all, BUSY));
}

/**
 * Return the places of a machine as dots: where each begins, from the left.
 *
 * @param {number} limit how many places there are
 * @param {number} room pixels from the left to the right
 * @returns {{size: number, at: number[]}} no dots where they would be too small to see
 */
export function dots(limit, room) {
  const step = Math.min(12, room / Math.max(limit, 1));
  if (step < 5) return { size: 0, at: [] };
  const at = Array.from({ length: limit }, (_, index) => round(index * step));
  return { size: round(step * 0.75), at };
}

/**
 * @param {Block[]} blocks
 * @param {Link[]} links
 */
function leaving(blocks, links) {
  const ids = new Set(blocks.map(({ id }) => id));
  return links.reduce((sum, { from, rate }) => sum + (ids.has(from) ? rate : 0), 0);
}

/** @param {Column} column */
function heightOf({ blocks }) {
  const gaps = GAP * Math.max(blocks.length - 1, 0);
  return blocks.reduce((sum, { height }) => sum + height, gaps);
}

/**
 * @param {Column[]} columns
 * @param {number} width
 * @param {number} height
 */
function placed(columns, width, height) {
  /** @type {Map<string, Box>} */
  const boxes = new Map();
  const taken = columns.reduce((sum, column) => sum + column.width, 0);
  const between = Math.max(0, width - taken) / Math.max(columns.length - 1, 1);
  let x = 0;
  for (const column of columns) {
    const spare = height - heightOf(column);
    const more = column.stretch ? spare / Math.max(column.blocks.length, 1) : 0;
    let y = column.stretch ? 0 : spare / 2;
    for (const block of column.blocks) {
      const box = { x, y, width: column.width, height: block.height + more };
      boxes.set(block.id, box);
      y += box.height + GAP;
    }
    x += column.width + between;
  }
  return boxes;
}

/**
 * Return where each line meets its box: side by side around the box's middle, in the
 * order in which the other ends stand, so that lines do not cross at a box.
 *
 * @param {Link[]} links
 * @param {number[]} widths of their lines
 * @param {Map<string, Box>} boxes
 * @param {"from"|"to"} end
 */
function ports(links, widths, boxes, end) {
  const other = end === "from" ? "to" : "from";
  /** @type {number[]} */
  const found = links.map(() => 0);
  /** @param {string} id */
  const middle = (id) => {
    const { y, height } = /** @type {Box} */ (boxes.get(id));
    return y + height / 2;
  };
  for (const [id, box] of boxes) {
    const here = links.flatMap((link, index) => (link[end] === id ? [index] : []));
    here.sort((one, two) => middle(links[one][other]) - middle(links[two][other]));
    const gaps = LINE_GAP * Math.max(here.length - 1, 0);
    const needed = here.reduce((sum, index) => sum + widths[index], gaps);
    // Too many lines for a small box overlap; each is as wide as its traffic says.
    const squeeze = Math.min(1, (box.height - 2 * LINE_GAP) / needed);
    let at = -needed / 2;
    for (const index of here) {
      found[index] = middle(id) + (at + widths[index] / 2) * squeeze;
      at += widths[index] + LINE_GAP;
    }
  }
  return found;
}

/**
 * @param {number} x
 * @param {number} y
 * @param {number} toX
 * @param {number} toY
 */
function curve(x, y, toX, toY) {
  const half = round((x + toX) / 2);
  return `M${round(x)} ${round(y)}C${half} ${round(y)} ${half} ${round(toY)} ${round(toX)} ${round(toY)}`;
}

/** @param {number} pixels */
function round(pixels) {
  return Math.round(pixels * 10) / 10;
}
