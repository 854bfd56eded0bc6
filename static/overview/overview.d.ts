// The JSON of `/api/overview`, for the type checker alone: no page loads this. Times are
// seconds since 1970, durations seconds, percentiles milliseconds.

import type { Demo } from "../shared/demo_state.d.ts";

/** `search` is a search, the others are of images: `clip` pictures, `faces`, `ocr` text. */
export type Kind = "search" | "clip" | "faces" | "ocr" | "other";

export type Overview = {
  full: boolean;
  cursor: string;
  now: number;
  proxy: { version: string; started: number; config: number };
  recording: boolean;
  configError: string | null;
  demo: Demo | null;
  immich: { firstCall: number | null };
  machines: Machine[];
  routes: Route[];
  plot: Plot;
  events: Event[];
  left: Left;
  advice: Advice[];
};

/** Per second, over the last 10 s. */
export type Rates = { search?: number; image?: number };

export type Percentiles = { p50: number; p95: number };

/**
 * `since`: of `state`; `by`: who, or what, has put it aside, and `until` when, if that ends
 * by itself; `resting`: it is asked how it is only when there is work, and counts as up until then; or it
 * is "down", and may be asleep; `alone`: requests that wait for it alone; `share` (0 to 1) of all
 * that was answered in the last minute; `beats`: a letter a minute, the last is this one.
 */
export type Machine = {
  name: string;
  url: string;
  state: "up" | "down" | "unknown" | "drained" | "disabled";
  since: number;
  why: string;
  by: "hand" | "file" | "window" | null;
  until: number | null;
  resting: boolean;
  canWake: boolean;
  woken: number | null;
  inFlight: number;
  limit: number;
  limitFound: boolean;
  alone: number;
  perMinute: Partial<Record<Kind, number>>;
  rate: Rates;
  share: number;
  search: Percentiles | null;
  image: Percentiles | null;
  errors: { count: number; since: number; last: number; why: string } | null;
  beats: string;
  cannot: string[];
  notes: string[];
  replicas?: Replica[];
};

/** One address of a machine that stands for all of its name; `served` since it came. */
export type Replica = {
  address: string;
  state: Machine["state"] | "leaving";
  since: number;
  why: string;
  inFlight: number;
  limit: number;
  served: number;
  cannot: string[];
  notes: string[];
};

/** `fallback`: where it goes when none of its own machines is up; `down`: nobody is. */
export type Route = {
  key: string;
  machines: string[];
  fallback: string[];
  down: boolean;
  holds: boolean;
  arrived: Rates;
  to: Record<string, Rates>;
  maxWaiting: number;
  waiting: Waiting[];
};

export type Waiting = {
  kind: Kind;
  waiting: number;
  held: number;
  oldest: number;
  givesUp: number | null;
  for: string[];
  takers: string[];
  task: string | null;
};

/** Arrays begin at `from`, a number a `step`; what they do not cover is zero. */
export type Plot = {
  range: "15m" | "24h";
  step: number;
  from: number;
  until: number;
  images: Record<string, number[]>;
  searchP95: number[];
};

export type Event = {
  id: number;
  at: number;
  kind: string;
  machine: string | null;
  text: string;
};

export type Left = {
  source: "immich" | "counts";
  asked: number | null;
  error: string | null;
  kinds: Partial<Record<Kind, KindLeft>>;
  slowest: Kind | null;
  ends: number | null;
};

export type KindLeft = {
  done: number;
  rate: number;
  left: number | null;
  ends: number | null;
  paused: boolean;
};

export type Advice = {
  machine: string;
  kind: Kind;
  idle: number;
  atOnce: number;
  raiseTo: number;
  text: string;
};
