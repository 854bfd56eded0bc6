// The part of the page that the address names: #machine=nas, #work=ocr, #import. Pure.

/** @typedef {{what: string, name: string}} Place */

/**
 * Return what an address names.
 *
 * @param {string} hash
 * @returns {Place} empty texts: nothing
 */
export function placeOf(hash) {
  const [what, ...rest] = hash.replace(/^#/, "").split("=");
  return { what, name: decoded(rest.join("=")) };
}

/**
 * Return the end of the address that names a place; empty for none.
 *
 * @param {string} what
 * @param {string} name
 */
export function hashOf(what, name = "") {
  if (!what) return "";
  return name ? `#${what}=${encodeURIComponent(name)}` : `#${what}`;
}

/** @param {string} text */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
