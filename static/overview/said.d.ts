// What the overview says first, for the type checker alone: no page loads this.

/** To wake a machine, have one take work over, use one again, or go to a page. */
export type Action = {
  kind: "wake" | "take" | "enable" | "open";
  label: string;
  machine?: string;
  task?: string;
  href?: string;
};

/** `title` says it in few words; `why` explains it, a sentence each. */
export type Verdict = {
  tone: "good" | "warn" | "bad" | "idle";
  text: string;
  title: string;
  actions: Action[];
  why: string[];
};
