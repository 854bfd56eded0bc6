// Puts numbers, times and health into words. Pure.

/** @import { Health } from "./answers.d.ts" */

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

/**
 * Say how a backend is.
 *
 * @param {Health|undefined} health
 * @returns {{state: string, text: string, checked: Date|null}} `state` is one of
 *     healthy, unhealthy, unknown
 */
export function healthWords(health) {
  if (!health) return { state: "unknown", text: "Not known to the proxy", checked: null };
  const checked = health.lastCheck > 0 ? new Date(health.lastCheck * 1000) : null;
  if (health.status === "healthy") return { state: "healthy", text: "Healthy", checked };
  if (health.status === "unhealthy") {
    const reason = health.error ? `: ${health.error}` : "";
    return { state: "unhealthy", text: `Unhealthy${reason}`, checked };
  }
  if (!health.error) return { state: "unknown", text: "Not checked yet", checked };
  return { state: "unknown", text: `Not checked: ${health.error}`, checked: null };
}

/**
 * Say what else there is to know of a backend, such as what it cannot do.
 *
 * @param {Health|undefined} health
 * @returns {string} empty if there is nothing
 */
export function noteWords(health) {
  const note = health?.note ?? "";
  return note.charAt(0).toUpperCase() + note.slice(1);
}

/**
 * Sum up: how many of these backends are healthy.
 *
 * @param {string[]} names
 * @param {Record<string, Health>} health
 */
export function healthSummary(names, health) {
  const healthy = names.filter((name) => healthOf(health, name)?.status === "healthy");
  if (names.length === 0) return "No backend is configured yet.";
  if (healthy.length < names.length) {
    return `${healthy.length} of ${plural(names.length, "backend")} healthy`;
  }
  if (names.length === 1) return "The backend is healthy";
  return `All ${names.length} backends are healthy`;
}

/**
 * Return what is told of one backend; it may bear any name, even `constructor`.
 *
 * @template Told
 * @param {Record<string, Told>} told by name
 * @param {string} name
 */
export function healthOf(told, name) {
  return Object.hasOwn(told, name) ? told[name] : undefined;
}
