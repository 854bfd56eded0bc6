// Does something again and again while the page is visible.

/**
 * Run `round` now, and again `seconds` after it has ended, as long as the page is
 * visible; at once when it becomes visible again. A round that took long is followed
 * by a longer pause, so that a busy proxy is not kept busier.
 *
 * @param {() => Promise<void>} round deals with its own errors
 * @returns {() => void} runs a round at once, or right after the one under way
 */
export function poll(round, seconds) {
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
    let took;
    do {
      again = false;
      const began = performance.now();
      await round();
      took = performance.now() - began;
    } while (again);
    running = false;
    if (!document.hidden) timer = setTimeout(run, Math.max(seconds * 1000, 4 * took));
  }

  document.addEventListener("visibilitychange", () => {
    if (document.hidden) clearTimeout(timer);
    else run();
  });
  run();
  return run;
}
