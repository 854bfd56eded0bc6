// Leads to the records of requests, and has them recorded first where they are not.

import { ApiError, post } from "../shared/api.js";
import { ask } from "../shared/ask.js";
import { toast } from "../shared/toast.js";

/** @typedef {{machine?: string, route?: string, failed?: boolean}} Of */

/**
 * Return the address of the records of these requests.
 *
 * @param {Of} of
 */
export function addressOf({ machine, route, failed }) {
  const wanted = new URLSearchParams();
  if (machine !== undefined) wanted.set("machine", machine);
  if (route !== undefined) wanted.set("route", route);
  if (failed) wanted.set("failed", "1");
  return `debug#${wanted}`;
}

/**
 * Go to the records of these requests.
 *
 * @param {Of} of
 * @param {boolean} isRecording
 */
export async function showRequests(of, isRecording) {
  if (!isRecording) {
    const details = [
      "No request is recorded now. What is recorded stays in the proxy’s memory: who asked for what, when, and what came of it.",
    ];
    if (!(await ask("Record requests?", details, "Record from now on", "primary"))) return;
    try {
      await post("api/debug/toggle", { enabled: true });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      toast(error.message, { isBad: true });
      return;
    }
  }
  location.assign(addressOf(of));
}
