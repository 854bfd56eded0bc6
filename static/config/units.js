// Times, sizes and numbers as people type and read them: "100 MiB", "30 s", "1 h". Pure.

/** @typedef {"seconds"|"milliseconds"|"minutes"|"bytes"|"rate"|"number"} Kind */

/**
 * A unit: how many of the kind's smallest it is, what it is called, and how else it may
 * be typed, in small letters.
 *
 * @typedef {{size: number, name: string, also?: string[]}} Unit
 */

const KIB = 1024;

/** The larger ones first, as they are looked through for the best one to show. */
const SIZES = [
  { size: KIB ** 4, name: "TiB", also: ["t"] },
  { size: KIB ** 3, name: "GiB", also: ["g"] },
  { size: KIB ** 2, name: "MiB", also: ["m"] },
  { size: KIB, name: "KiB", also: ["k"] },
  { size: 1, name: "B", also: ["byte", "bytes"] },
];

/** Those that are typed, and never shown. @type {Unit[]} */
const DECIMAL_SIZES = [
  { size: 1e12, name: "TB" },
  { size: 1e9, name: "GB" },
  { size: 1e6, name: "MB" },
  { size: 1e3, name: "kB" },
];

const HOUR = { size: 3600, name: "h", also: ["hour", "hours"] };
const MINUTE = { size: 60, name: "min", also: ["m", "minute", "minutes"] };
const SECOND = { size: 1, name: "s", also: ["sec", "second", "seconds"] };
const MILLISECOND = { size: 0.001, name: "ms" };
const DAY = { size: 86400, name: "d", also: ["day", "days"] };

/**
 * What is shown in, what is typed only, the unit of a bare number, and words for errors.
 *
 * @type {Record<Kind, {shown: Unit[], typed: Unit[], base: number, what: string}>}
 */
const KINDS = {
  seconds: {
    shown: [HOUR, MINUTE, SECOND],
    typed: [DAY, MILLISECOND],
    base: 1,
    what: "a time, such as 30 s, 5 min or 1 h",
  },
  milliseconds: {
    shown: [SECOND, MILLISECOND],
    typed: [MINUTE],
    base: 0.001,
    what: "a time, such as 200 ms or 1 s",
  },
  minutes: {
    shown: [HOUR, MINUTE],
    typed: [SECOND, DAY],
    base: 60,
    what: "a time, such as 30 min or 2 h",
  },
  bytes: {
    shown: SIZES,
    typed: DECIMAL_SIZES,
    base: 1,
    what: "a size, such as 100 MiB or 1 GiB",
  },
  rate: {
    shown: SIZES.map((unit) => ({ ...unit, name: `${unit.name}/s`, also: [unit.name.toLowerCase()] })),
    typed: DECIMAL_SIZES.flatMap((unit) => [unit, { ...unit, name: `${unit.name}/s` }]),
    base: 1,
    what: "a speed, such as 10 KiB/s",
  },
  number: { shown: [], typed: [], base: 1, what: "a number" },
};

const PART = /^\s*(\d+(?:\.\d*)?|\.\d+)\s*([a-zµ/]*)/i;

/**
 * Return a number as it is shown: with the largest unit in which it is short and exact.
 *
 * @param {Kind} kind
 * @param {number} number in the kind's own unit
 */
export function shownIn(kind, number) {
  const { shown, base } = KINDS[kind];
  for (const { size, name } of shown) {
    const count = tidy((number * base) / size);
    const text = `${count} ${name}`;
    const isShort = count >= 1 && String(count).length <= 4 && typedIn(kind, text) === number;
    if (isShort) return text;
  }
  const own = shown.find(({ size }) => size === base);
  return own ? `${number} ${own.name}` : String(number);
}

/**
 * Return the number that was typed, in the kind's own unit; undefined if it is none.
 *
 * @param {Kind} kind
 * @param {string} text a bare number is in the kind's own unit; "1 h 30 min" is a sum
 */
export function typedIn(kind, text) {
  if (text.trim() === "") return undefined;
  const { shown, typed, base } = KINDS[kind];
  if (/^\s*-?[\d.]+(e[-+]?\d+)?\s*$/i.test(text)) return numberOf(text);
  let sum = 0;
  let rest = text;
  while (rest.trim()) {
    const part = PART.exec(rest);
    const unit = part && [...shown, ...typed].find((one) => isCalled(one, part[2]));
    if (!unit) return undefined;
    sum += Number(part[1]) * unit.size;
    rest = rest.slice(part[0].length);
  }
  return tidy(sum / base);
}

/**
 * Return what is to be typed: "a time, such as 30 s, 5 min or 1 h".
 *
 * @param {Kind} kind
 */
export function wantedIn(kind) {
  return KINDS[kind].what;
}

/**
 * @param {Unit} unit
 * @param {string} text
 */
function isCalled({ name, also = [] }, text) {
  const small = text.toLowerCase();
  return small !== "" && (small === name.toLowerCase() || also.includes(small));
}

/** @param {string} text */
function numberOf(text) {
  const number = Number(text);
  return Number.isFinite(number) ? number : undefined;
}

/** Without what binary fractions add: 0.2 s are 200 ms. @param {number} number */
function tidy(number) {
  return Number.isInteger(number) ? number : Number(number.toPrecision(12));
}
