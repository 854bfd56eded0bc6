// Buttons that say so while they are at work.

/**
 * Run `action`; meanwhile `button` says `words`, keeps the focus and ignores presses.
 *
 * @param {HTMLButtonElement} button
 * @param {string} words
 * @param {() => Promise<void>} action
 */
export async function whileBusy(button, words, action) {
  if (button.hasAttribute("aria-busy")) return;
  const before = button.textContent;
  button.setAttribute("aria-busy", "true");
  button.setAttribute("aria-disabled", "true");
  button.textContent = words;
  try {
    await action();
  } finally {
    button.removeAttribute("aria-busy");
    button.removeAttribute("aria-disabled");
    button.textContent = before;
  }
}
