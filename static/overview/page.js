// The overview page: asks the proxy how it goes, and has each part show it.

import { Actions } from "./actions.js";
import { FirstMachine } from "./first_machine.js";
import { mount as mountFlow } from "./flow.js";
import { ImmichStep } from "./immich_step.js";
import { LeftCard } from "./left_card.js";
import { MachineTable } from "./machine_table.js";
import { mount as mountPlot } from "./plot.js";
import { showRequests } from "./requests.js";
import { ahead, merged } from "./state.js";
import { goneVerdict, verdictOf } from "./verdict.js";
import { VerdictLine } from "./verdict_line.js";
import { tellAccess } from "../shared/access.js";
import { get } from "../shared/api.js";
import { mountDemo } from "../shared/demo.js";
import { byId, tell } from "../shared/dom.js";
import { poll } from "../shared/poll.js";
import { ageWords } from "../shared/words.js";

/** @import { Overview, Plot } from "./overview.d.ts" */
/** @import { Action } from "./said.d.ts" */
/** @import { Of } from "./requests.js" */

/** @type {Overview|null} */
let overview = null;
/** Seconds that the proxy's clock is ahead of ours. */
let skew = 0;
/** @type {Plot["range"]} */
let range = "15m";
/** Why the proxy does not answer; empty while it does. */
let gone = "";

const page = {
  actions: new Actions(() => refresh()),
  /** @param {Of} of */
  showRequests: (of) => showRequests(of, overview?.recording ?? false),
  /** @param {Plot["range"]} wanted */
  setRange(wanted) {
    range = wanted;
    refresh();
  },
};
const verdict = new VerdictLine(byId("verdict"), act);
const flow = mountFlow(byId("flow"), page);
const parts = [
  flow,
  mountPlot(byId("plot"), page),
  new MachineTable(byId("machines"), page),
  new LeftCard(byId("left")),
  new ImmichStep(),
];
const demo = mountDemo(byId("demo"));
new FirstMachine(byId("first"), () => refresh());

/** @param {Action} action */
function act({ kind, machine = "", task = "" }) {
  if (kind === "wake") page.actions.wake(machine);
  if (kind === "take") page.actions.take(machine, task);
  if (kind === "enable") page.actions.setState(machine, "enabled", "disabled");
}

function show() {
  const here = Date.now() / 1000;
  document.body.classList.toggle("gone", gone !== "");
  if (gone) {
    verdict.show(goneVerdict(gone, overview?.now ?? null, here + skew), true);
    flow.still();
    return;
  }
  if (!overview) return;
  const known = overview;
  const now = here + skew;
  verdict.show(verdictOf(known, now));
  byId("first").hidden = known.machines.length > 0;
  byId("live").hidden = known.machines.length === 0;
  for (const part of parts) part.update(known, now);
  demo.update(known.demo);
  const { version, started } = known.proxy;
  tell(byId("about"), `Version ${version}, up for ${ageWords(now - started)}`);
}

const refresh = poll(
  async () => {
    const isSame = overview?.plot.range === range;
    const since = overview && isSame ? `&since=${encodeURIComponent(overview.cursor)}` : "";
    const answer = await get(`api/overview?plot=${range}${since}`);
    skew = ahead(overview, answer, Date.now() / 1000, skew);
    overview = merged(overview, answer);
  },
  2,
  (reason) => {
    gone = reason;
    show();
  },
);

setInterval(() => {
  if (!document.hidden) show();
}, 1000);

tellAccess();
