// Builds and changes elements of an SVG.

const NAMESPACE = "http://www.w3.org/2000/svg";

/**
 * Return a new element.
 *
 * @template {keyof SVGElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, string|number>} attributes
 * @param {...Node} children
 */
export function svg(tag, attributes = {}, ...children) {
  const node = document.createElementNS(NAMESPACE, tag);
  set(node, attributes);
  node.append(...children);
  return node;
}

/**
 * Change attributes; those that are so already are not touched, which spares drawing.
 *
 * @param {Element} node
 * @param {Record<string, string|number>} attributes
 */
export function set(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    const text = String(value);
    if (node.getAttribute(name) !== text) node.setAttribute(name, text);
  }
}

/** A line of text that is cut where its room ends. */
export class Text {
  /** @param {string} kind its class */
  constructor(kind) {
    this.node = svg("text", { class: kind });
    this._shown = "";
    this._whole = "";
  }

  /**
   * @param {string} text
   * @param {number} x
   * @param {number} y of the line that letters stand on
   * @param {number} room pixels
   */
  show(text, x, y, room) {
    set(this.node, { x, y });
    const shown = `${Math.round(room)} ${text}`;
    if (shown === this._shown) return;
    this._shown = shown;
    this._whole = text;
    this.node.textContent = text;
    let length = text.length;
    while (length > 1 && this.node.getComputedTextLength() > room) {
      const fits = room / this.node.getComputedTextLength();
      length = Math.min(length - 1, Math.floor(length * fits));
      this.node.textContent = `${text.slice(0, Math.max(length, 1)).trimEnd()}…`;
    }
  }

  /** What is shown of it. */
  get shown() {
    return this.node.textContent ?? "";
  }

  /** All of it where it is cut; empty where it is not. */
  get cut() {
    return this.shown === this._whole ? "" : this._whole;
  }

  /** How wide it is, in pixels. */
  get width() {
    return this.node.getComputedTextLength();
  }
}
