// The overview page: every backend's health, and the address for Immich.

import { configError, get } from "./api.js";
import { tellBroken, tellStale } from "./banners.js";
import { byId, el, tell } from "./dom.js";
import { HealthLine } from "./health.js";
import { poll } from "./poll.js";
import { healthOf, healthSummary } from "./words.js";

let shown = "";
let lines = [];

function show(backends, health) {
  const names = backends.map(({ name }) => name);
  tell(byId("summary"), healthSummary(names, health));
  if (JSON.stringify(backends) !== shown) {
    shown = JSON.stringify(backends);
    lines = backends.map((backend) => ({ ...backend, line: new HealthLine() }));
    byId("backends").replaceChildren(
      ...lines.map(({ name, url, line }) =>
        el(
          "li",
          { class: "card" },
          el("h3", {}, name),
          el("p", { class: "muted" }, url),
          line.node,
        ),
      ),
    );
  }
  for (const { name, line } of lines) line.show(healthOf(health, name));
}

poll(
  async () => {
    const [configuration, health, broken] = await Promise.all([
      get("api/config"),
      get("api/health"),
      configError(),
    ]);
    show(configuration.backends ?? [], health);
    tellBroken(broken);
  },
  5,
  tellStale,
);

const address = byId("address");
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
