// How a machine is, in words. Pure.

/** @import { Health } from "../shared/answers.d.ts" */

/**
 * Say how a machine is.
 *
 * @param {Health|undefined} health
 * @returns {{state: string, text: string, checked: Date|null}} `state` is one of
 *     healthy, unhealthy, unknown
 */
export function healthWords(health) {
  if (!health) return { state: "unknown", text: "Not known to the proxy", checked: null };
  const checked = health.lastCheck > 0 ? new Date(health.lastCheck * 1000) : null;
  if (health.status === "healthy") return { state: "healthy", text: "Up", checked };
  if (health.status === "unhealthy") {
    const reason = health.error ? `: ${health.error}` : "";
    return { state: "unhealthy", text: `Down${reason}`, checked };
  }
  if (!health.error) return { state: "unknown", text: "Not checked yet", checked };
  return { state: "unknown", text: `Not checked: ${health.error}`, checked: null };
}

/**
 * Return what is told of one machine; it may bear any name, even `constructor`.
 *
 * @template Told
 * @param {Record<string, Told>} told by name
 * @param {string} name
 */
export function healthOf(told, name) {
  return Object.hasOwn(told, name) ? told[name] : undefined;
}
