/** What `/api/demo` tells, and the overview under `demo`: null without a demo. */

/** `playing`: there is simulated work; not while there are machines of the user's own. */
export type Demo = {
  simulated: boolean;
  machines: string[];
  playing: boolean;
  trouble: Trouble;
  caller: Caller | null;
  text: string;
};

/** What goes wrong right now, `until` when, in Unix seconds; null: nothing. */
export type Trouble = {
  on: boolean;
  machine: string | null;
  what: "down" | "slow" | null;
  until: number | null;
};

/** Who calls as Immich does, when, in Unix seconds, and how often it was given vectors. */
export type Caller = {
  address: string;
  first: number;
  last: number;
  calls: number;
  answered: number;
  text: string;
};
