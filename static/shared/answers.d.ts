// The JSON of the proxy's API, for the type checker alone: no page loads this. A newer
// proxy may tell more, which is kept as it is.

import type { Kind, Overview } from "../overview/overview.d.ts";
import type { Detail, Rows, SentAgain } from "../debug/debug.d.ts";
import type { Demo } from "./demo_state.d.ts";

/** What a GET is answered with, by path. */
export type Got = {
  [overview: `api/overview?${string}`]: Overview;
  "api/config": Configuration;
  "api/demo": { demo: Demo | null };
  "api/health": Record<string, Health>;
  "api/status": Status;
  "api/debug/status": DebugStatus;
  [rows: `api/debug/records?${string}`]: Rows;
  [request: `api/debug/records/${string}`]: Detail;
};

/** What a POST is answered with, by path; `warnings` tell what was mended. */
export type Posted = {
  "api/config": Saved;
  "api/config/undo": Saved;
  "api/config/check": Checked;
  "api/notify/test": { ok: boolean; text: string };
  "api/login": Access;
  "api/logout": Access;
  "api/demo": { demo: Demo | null };
  "api/debug/toggle": DebugStatus;
  "api/debug/max-records": DebugStatus;
  [again: `api/debug/records/${string}/send`]: SentAgain;
  "api/try": Tried;
  "api/wake": { text: string };
  [backend: `api/backends/${string}`]: Status;
  [task: `api/routes/${string}`]: { text: string };
};

/** What a DELETE is answered with, by path. */
export type Removed = {
  "api/debug/records": DebugStatus;
};

/**
 * `path`, or `field`, is that of what is refused; empty or missing if it is none. Of a save
 * that contradicts another one: `current` is what is in force, under this `version`.
 */
export type Refusal = {
  error: string;
  field?: string;
  path?: string;
  current?: Configuration;
  version?: string;
};

/** What there is to know of a configuration; `warningsAt` of one place in it. */
export type Warnings = {
  warnings?: string[];
  warningsAt?: { path: string; text: string }[];
};

/** `merged`: with what somebody else has saved meanwhile. */
export type Saved = Configuration & Warnings & { merged?: boolean };

export type Checked = Warnings & { ok: boolean; merged?: boolean };

export type Access = {
  hasSession: boolean;
};

export type JsonObject = { [name: string]: unknown };

export type Configuration = {
  defaultBackend?: RouteValue;
  backends?: Backend[] | null;
  taskRouting?: Record<string, RouteValue> | null;
  healthCheckInterval?: number;
  pingTimeout?: number;
  requestTimeout?: number;
  maxBodySize?: number;
  maxBufferedBytes?: number;
  checkAnswers?: string;
  immich?: { url?: string; apiKey?: string } | null;
  notify?: Target[] | null;
};

/** Who is told: `format` is json, ntfy or homeassistant, `events` all if left out. */
export type Target = {
  url: string;
  format?: string;
  events?: string[];
  headers?: Record<string, string> | null;
};

export type Backend = {
  name: string;
  url: string;
  state?: string;
  weight?: number;
  maxConcurrent?: number | "auto";
  limits?: Record<string, number> | null;
  wakeOnLan?: WakeOnLan | null;
  abilities?: Abilities | null;
  headers?: Record<string, string> | null;
  caFile?: string | null;
  windows?: string[];
  pings?: string;
  sleepHook?: string | null;
  idleMinutes?: number;
  disabledUntil?: number | null;
  resolve?: string | null;
};

/** Without `tasks` it does any of them, and any model of a task that `models` lacks. */
export type Abilities = {
  tasks?: string[] | null;
  models?: Record<string, string[]>;
};

export type WakeOnLan = {
  mac: string;
  broadcast?: string;
  port?: number;
};

/** A backend's name, the names of several, or the long form; null or empty: none. */
export type RouteValue = string | string[] | Route | null;

export type Route = {
  backends: string[];
  strategy?: string;
  fallback?: boolean;
  spill?: boolean;
  holdSeconds?: number | "auto";
  maxWaiting?: number;
  hedgeAfterMs?: number | null;
};

/**
 * `lastCheck` in Unix seconds, 0 if never; `error` is empty if there is none; `note`:
 * what else there is to know, such as "cannot: ocr".
 */
export type Health = {
  status: string;
  lastCheck: number;
  error: string;
  note?: string;
  replicas?: Record<string, Health>;
};

/**
 * `configError` tells what is wrong with the configuration file; null: nothing.
 * `configWarnings` tell what was mended when it was read. `undo`: the save, by whom and
 * when (Unix seconds), that can be undone. `readOnly`: why nothing can be saved.
 */
export type Status = {
  configError: string | null;
  configWarnings?: string[];
  undo?: { savedBy: string; savedAt: number } | null;
  readOnly?: string | null;
  backends?: Record<string, BackendStatus>;
  routes?: Record<string, RouteStatus>;
};

/** `limit`: requests at once, `limitIsFound`: by the proxy itself. */
export type BackendStatus = {
  state: string;
  inFlight: number;
  limit: number;
  limitIsFound?: boolean;
  waiting: number;
  served: number;
  failed: number;
  serviceTimes?: Record<string, ServiceTimes>;
  replicas?: Record<string, Omit<BackendStatus, "waiting" | "replicas"> & { leaving?: boolean }>;
};

/** Percentiles in milliseconds. */
export type ServiceTimes = {
  count: number;
  p50: number;
  p90: number;
  p99: number;
};

/** `held` of the requests that are `waiting` do so because no backend is up. */
export type RouteStatus = {
  waiting: number;
  held: number;
};

/**
 * What answers at an address: `text` says it in a sentence; `url` is what to save,
 * `correction` what to try instead; `took` in milliseconds.
 */
export type Tried = {
  ok: boolean;
  kind: string;
  text: string;
  url: string;
  correction: string | null;
  version: string | null;
  abilities: string[];
  took: number;
  samples: Sample[];
};

export type Sample = {
  kind: Kind;
  ok: boolean;
  text: string;
  took: number;
};

/** `bytes` are kept of all, `pictureBytes` of pictures, each within its bound. */
export type DebugStatus = {
  enabled: boolean;
  maxRecords: number;
  recordCount: number;
  bytes?: number;
  pictureBytes?: number;
  bounds?: { bytes: number; pictureBytes: number };
};
