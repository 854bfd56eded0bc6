// The overview page: every backend's health, and the address for Immich.

import { get, status } from "./api.js";
import { tellBroken, tellStale } from "./banners.js";
import { byId, el, tell } from "./dom.js";
import { HealthLine } from "./health.js";
import { poll } from "./poll.js";
import { healthOf, healthSummary, workWords } from "./words.js";

let shown = "";
let lines = [];

function show(backends, health, numbers) {
  const names = backends.map(({ name }) => name);
  tell(byId("summary"), healthSummary(names, health));
  if (JSON.stringify(backends) !== shown) {
    shown = JSON.stringify(backends);
    lines = backends.map((backend) => ({
      ...backend,
      line: new HealthLine(),
      work: el("p", { class: "hint", "data-work": true }),
    }));
    byId("backends").replaceChildren(
      ...lines.map(({ name, url, line, work }) =>
        el(
          "li",
          { class: "card" },
          el("h3", {}, name),
          el("p", { class: "muted" }, url),
          line.node,
          work,
        ),
      ),
    );
  }
  for (const { name, line, work } of lines) {
    line.show(healthOf(health, name));
    tell(work, workWords(healthOf(numbers, name)));
  }
}

poll(
  async () => {
    const [configuration, health, { configError, backends }] = await Promise.all([
      get("api/config"),
      get("api/health"),
      status(),
    ]);
    show(configuration.backends ?? [], health, backends ?? {});
    tellBroken(configError);
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
