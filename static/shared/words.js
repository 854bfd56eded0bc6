// Puts numbers, times and kinds of work into words. Pure.

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];

/**
 * Return a number of bytes as people read it: 1536 becomes "1.5 KiB".
 *
 * @param {number} count
 */
export function bytes(count) {
  let size = count;
  let unit = 0;
  while (size >= 1024 && unit < UNITS.length - 1) {
    size /= 1024;
    unit += 1;
  }
  return `${Number(size.toFixed(size < 10 ? 1 : 0))} ${UNITS[unit]}`;
}

/**
 * Return a duration in milliseconds as people read it.
 *
 * @param {number} ms
 */
export function duration(ms) {
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/**
 * Return "1 record", "2 records".
 *
 * @param {number} count
 * @param {string} noun
 */
export function plural(count, noun) {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/**
 * Return the local time of day, with the date when it is not today's.
 *
 * @param {Date} date
 */
export function timeOfDay(date, now = new Date()) {
  const time = date.toLocaleTimeString();
  if (date.toDateString() === now.toDateString()) return time;
  return `${date.toLocaleDateString()} ${time}`;
}

/** What each kind of work is called, by its name in the API. */
const KINDS = {
  search: "searches",
  clip: "pictures",
  faces: "faces",
  ocr: "text in pictures",
  other: "other work",
};

/** @typedef {keyof typeof KINDS} Kind */

/**
 * Return what a kind of work is called: "faces".
 *
 * @param {Kind} kind
 */
export function kindWord(kind) {
  return KINDS[kind];
}

/**
 * Return how much there is of a kind of work: "1 search", "80 faces".
 *
 * @param {number} count
 * @param {Kind} kind
 */
export function countOf(count, kind) {
  const pictures = `${countWords(count)} ${count === 1 ? "picture" : "pictures"}`;
  if (kind === "clip") return pictures;
  if (kind === "ocr") return `text in ${pictures}`;
  if (kind === "search") return `${countWords(count)} ${count === 1 ? "search" : "searches"}`;
  return `${countWords(count)} ${kind === "faces" ? "face" : "other request"}${count === 1 ? "" : "s"}`;
}

/**
 * Return a duration in seconds as people say it: "20 s", "3 min", "2 h 10 min", "4 days".
 *
 * @param {number} seconds
 */
export function ageWords(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
  return `${Math.floor(hours / 24)} days`;
}

/**
 * Return how long it is until something happens, to the second: "2:10".
 *
 * @param {number} seconds
 */
export function countdown(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/**
 * Return the local time of day without seconds, with the date when it is not today's.
 *
 * @param {number} at seconds since 1970
 * @param {number} now
 */
export function clockTime(at, now) {
  const date = new Date(at * 1000);
  const time = date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  if (date.toDateString() === new Date(now * 1000).toDateString()) return time;
  const day = date.toLocaleDateString([], { day: "numeric", month: "short" });
  return `${day}, ${time}`;
}

/**
 * Return names as a sentence has them: "a, b and c".
 *
 * @param {string[]} names
 */
export function list(names) {
  if (names.length < 2) return names.join("");
  return `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

/**
 * Return a rate per second with two digits that count: "9.4", "12", "0.05".
 *
 * @param {number} perSecond
 */
export function rateWords(perSecond) {
  if (perSecond >= 10) return String(Math.round(perSecond));
  return String(Number(perSecond.toFixed(perSecond < 1 ? 2 : 1)));
}

/**
 * Return a whole number with its thousands apart.
 *
 * @param {number} count
 */
export function countWords(count) {
  return Math.round(count).toLocaleString("en");
}

/**
 * Return what a route is called: the default one by what it is for.
 *
 * @param {string} key
 */
export function routeWord(key) {
  const words = /** @type {Record<string, string>} */ ({
    default: "all other work",
    clip: "searches and pictures",
    "clip/textual": "searches",
    textual: "searches",
    "clip/visual": "pictures",
    visual: "pictures",
    "facial-recognition": "faces",
    ocr: "text in pictures",
  });
  return Object.hasOwn(words, key) ? words[key] : key;
}

/**
 * Return words as a sentence begins.
 *
 * @param {string} words
 */
export function sentence(words) {
  return words.charAt(0).toUpperCase() + words.slice(1);
}
