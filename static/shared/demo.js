// The banner of a demo: what is simulated, its switches, and a warning when Immich calls.

import { ApiError, get, post } from "./api.js";
import { ask } from "./ask.js";
import { el, tell } from "./dom.js";
import { poll } from "./poll.js";
import { countWords, plural, timeOfDay } from "./words.js";

/** @import { Caller, Demo, Trouble } from "./demo_state.d.ts" */

/**
 * Return what goes wrong right now, and until when.
 *
 * @param {Trouble} trouble
 * @returns {string} empty while there is no trouble
 */
export function troubleWords({ on, machine, what, until }) {
  if (!on) return "";
  if (!machine || until === null) return "Just now all is well; the next trouble comes soon.";
  const how = what === "down" ? "does not answer" : "is slow";
  return `${machine} ${how} until ${timeOfDay(new Date(until * 1000))}.`;
}

/**
 * Return how often somebody called, and since when.
 *
 * @param {Caller} caller
 */
export function callerWords({ first, last, calls, answered }) {
  const since = timeOfDay(new Date(first * 1000));
  const until = timeOfDay(new Date(last * 1000));
  const when = first === last ? `at ${since}` : `from ${since} to ${until}`;
  const given = answered
    ? `${plural(answered, "answer")} with invented vectors`
    : "no vectors yet";
  return `${countWords(calls)} ${calls === 1 ? "call" : "calls"} ${when}; it was given ${given}.`;
}

class Banner {
  /** @param {(demo: Demo|null) => void} changed is told the state that a switch led to */
  constructor(changed) {
    this.changed = changed;
    this.warning = el("strong");
    this.facts = el("span");
    this.alert = el(
      "div",
      { class: "banner bad", role: "alert", hidden: true },
      el("p", {}, this.warning, " ", this.facts),
    );
    this.text = el("span");
    this.incident = el("span", { role: "status", hidden: true });
    this.problem = el("p", { class: "error", role: "alert", hidden: true });
    this.trouble = el("input", {
      type: "checkbox",
      role: "switch",
      onchange: () => this.change({ trouble: this.trouble.checked }),
    });
    this.end = el("button", { type: "button", onclick: () => this.leave() }, "Use my own machines");
    this.node = el(
      "section",
      { class: "demo", "aria-label": "Demo" },
      this.alert,
      el(
        "div",
        { class: "demo-bar" },
        el("p", {}, el("strong", {}, "Demo. "), this.text),
        el("p", {}, el("label", { class: "box" }, this.trouble, " Simulate trouble"), " ", this.incident),
        el("p", {}, this.end),
      ),
      this.problem,
    );
  }

  /** @param {Demo} demo */
  show({ text, trouble, caller }) {
    tell(this.text, text);
    if (!this.trouble.disabled) this.trouble.checked = trouble.on;
    tell(this.incident, troubleWords(trouble));
    this.alert.hidden = !caller;
    tell(this.warning, caller?.text ?? "");
    tell(this.facts, caller ? callerWords(caller) : "");
  }

  async leave() {
    const details = [
      "The simulated machines and their work end, for this run of the proxy.",
      "If there is a configuration file it applies from now on; if not, you begin with none.",
    ];
    if (await ask("Use your own machines?", details, "Use my own machines")) {
      if (await this.change({ end: true })) location.assign("./");
    }
  }

  /** @param {{ trouble: boolean } | { end: true }} wish */
  async change(wish) {
    this.trouble.disabled = this.end.disabled = true;
    let demo;
    try {
      ({ demo } = await post("api/demo", wish));
      tell(this.problem, "");
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.trouble.checked = !this.trouble.checked;
      tell(this.problem, error.message);
    } finally {
      this.trouble.disabled = this.end.disabled = false;
    }
    if (demo !== undefined) this.changed(demo);
    return demo !== undefined;
  }
}

/**
 * Make `element` the place of the banner. It is empty while there is no demo.
 *
 * @param {HTMLElement} element
 * @returns {{ update: (demo: Demo|null) => void }} is given each new state
 */
export function mountDemo(element) {
  const banner = new Banner(update);
  /** @param {Demo|null} demo */
  function update(demo) {
    if (demo) banner.show(demo);
    if (!demo) element.replaceChildren();
    else if (banner.node.parentNode !== element) element.replaceChildren(banner.node);
  }
  return { update };
}

/**
 * Show the banner on a page that does not ask for the overview; whoever does not run a
 * demo is asked once.
 *
 * @param {HTMLElement} element
 */
export async function watchDemo(element) {
  const banner = mountDemo(element);
  try {
    const { demo } = await get("api/demo");
    banner.update(demo);
    if (!demo) return;
  } catch (error) {
    // The rest of the page tells that the proxy does not answer.
    if (error instanceof ApiError) return;
    throw error;
  }
  poll(async () => banner.update((await get("api/demo")).demo), 5, () => {});
}
