// What a backend wants to see with every request, as a text: "Authorization: Bearer …". Pure.
//
// Several stand between semicolons, where a name and a colon follow. The proxy tells no
// value: a "***" is saved as it is, and stands for the one that there is.

const BETWEEN = /;\s*(?=[!#$%&'*+.^_`|~\w-]+:\s)/;

/**
 * Return the text of what is saved; empty if nothing is.
 *
 * @param {Record<string, string>|null|undefined} saved
 */
export function headersText(saved) {
  return Object.entries(saved ?? {})
    .map(([name, value]) => `${name}: ${value}`)
    .join("; ");
}

/**
 * Return what to save of a text that is not empty.
 *
 * @param {string} text
 */
export function headersOf(text) {
  const lines = text.split(BETWEEN).filter((line) => line.trim() !== "");
  return Object.fromEntries(
    lines.map((line) => {
      const [name, ...value] = line.split(":");
      return [name.trim(), value.join(":").trim()];
    }),
  );
}
