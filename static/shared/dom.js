// Builds and changes elements. Text only ever becomes text, never HTML.

/** @typedef {string|number|boolean|null|undefined|((event: Event) => void)} Attribute */

/**
 * Return a new element.
 *
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, Attribute>} attributes strings and numbers become attributes,
 *     true an empty one; false, null and undefined leave it out; a function under
 *     `onNAME` listens to NAME
 * @param {...(Node|string)} children
 */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value != null) node.setAttribute(name, String(value));
  }
  node.append(...children);
  return node;
}

/**
 * Return the element with this id.
 *
 * @param {string} id
 */
export function byId(id) {
  return controlById(id, HTMLElement);
}

/**
 * Return the element with this id, which is of this class.
 *
 * @template {HTMLElement} Kind
 * @param {string} id
 * @param {new () => Kind} kind
 */
export function controlById(id, kind) {
  const node = document.getElementById(id);
  if (node instanceof kind) return node;
  throw new Error(`The page has no ${kind.name} with the id ${id}.`);
}

/**
 * Show `text` in `node`, or hide it when there is none. The same text again changes
 * nothing, so that a screen reader does not repeat it.
 *
 * @param {HTMLElement} node
 * @param {string} text
 */
export function tell(node, text) {
  if (node.textContent !== text) node.textContent = text;
  node.hidden = !text;
}

let count = 0;

/** Return an id that no other element has. */
export function freshId() {
  count += 1;
  return `f${count}`;
}
