// The overview page: every backend's health and work, and the address for Immich.

import { get, status } from "../shared/api.js";
import { BackendCard } from "./backend_card.js";
import { tellBroken, tellStale } from "../shared/banners.js";
import { byId, controlById, tell } from "../shared/dom.js";
import { poll } from "../shared/poll.js";
import { healthOf, healthSummary } from "../shared/words.js";
import { heldWords, waitingWords } from "./work.js";

/** @import { Backend, BackendStatus, Health } from "../shared/answers.d.ts" */

let shown = "";
/** @type {BackendCard[]} */
let cards = [];

/**
 * @param {Backend[]} backends
 * @param {Record<string, Health>} health by name
 * @param {Record<string, BackendStatus>} numbers by name
 */
function show(backends, health, numbers) {
  const names = backends.map(({ name }) => name);
  tell(byId("summary"), healthSummary(names, health));
  const places = JSON.stringify(backends.map(({ name, url }) => [name, url]));
  if (places !== shown) {
    shown = places;
    cards = backends.map((backend) => new BackendCard(backend, () => refresh()));
    byId("backends").replaceChildren(...cards.map(({ node }) => node));
  }
  for (const card of cards) {
    card.show(healthOf(health, card.name), healthOf(numbers, card.name));
  }
}

const refresh = poll(
  async () => {
    const [configuration, health, { configError, backends, routes }] = await Promise.all([
      get("api/config"),
      get("api/health"),
      status(),
    ]);
    show(configuration.backends ?? [], health, backends ?? {});
    tell(byId("held"), heldWords(routes ?? {}, configuration));
    tell(byId("waiting"), waitingWords(routes ?? {}, configuration));
    tellBroken(configError);
  },
  5,
  tellStale,
);

const address = controlById("address", HTMLInputElement);
address.value = new URL(".", document.baseURI).href.replace(/\/$/, "");
byId("local").hidden = !/^(localhost|127\..*|\[::1\])$/.test(location.hostname);
address.addEventListener("focus", () => address.select());
byId("copy").addEventListener("click", async () => {
  try {
    await navigator.clipboard.writeText(address.value);
    tell(byId("copied"), "Copied");
  } catch {
    // Browsers lend the clipboard to pages over https and on localhost only.
    address.focus();
    tell(byId("copied"), "Selected, to be copied by hand");
  }
});
