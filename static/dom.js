// Builds and changes elements. Text only ever becomes text, never HTML.

/**
 * Return a new element.
 *
 * @param {string} tag
 * @param {object} attributes strings become attributes, true an empty one; false, null
 *     and undefined leave it out; a function under `onNAME` listens to NAME
 * @param {...(Node|string)} children
 */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

/** Return the element with this id. */
export function byId(id) {
  return document.getElementById(id);
}

/**
 * Show `text` in `node`, or hide it when there is none. The same text again changes
 * nothing, so that a screen reader does not repeat it.
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
