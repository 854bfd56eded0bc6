// Does something again and again while the page is visible.

import { ApiError } from "./api.js";

/**
 * Run `round` now, and again `seconds` after it has ended, as long as the page is
 * visible; at once when it becomes visible again. A round that took long is followed
 * by a longer pause, so that a busy proxy is not kept busier.
 *
 * @param {() => Promise<void>} round
 * @param {number} seconds
 * @param {(reason: string) => void} tellFailure is told after each round why it failed;
 *     an empty text if it did not
 * @returns {() => void} runs a round at once, or right after the one under way
 */
export function poll(round, seconds, tellFailure) {
  /** @type {number|undefined} */
  let timer;
  let running = false;
  let again = false;

  async function run() {
    clearTimeout(timer);
    if (running) {
      again = true;
      return;
    }
    running = true;
    const began = performance.now();
    try {
      await round();
      tellFailure("");
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      tellFailure(error.message);
    } finally {
      running = false;
      const pause = again ? 0 : Math.max(seconds * 1000, 4 * (performance.now() - began));
      again = false;
      if (!document.hidden) timer = setTimeout(run, pause);
    }
  }

  document.addEventListener("visibilitychange", () => {
    if (document.hidden) clearTimeout(timer);
    else run();
  });
  run();
  return run;
}
