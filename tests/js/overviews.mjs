// An overview for the tests: a gaming PC that is down, a Mac that works, a NAS put aside.

export const NOW = 1_764_366_120;

/** Return a machine that is up and idle, but for `more`. */
export function machine(name, more = {}) {
  return {
    name,
    url: `http://${name}:3003`,
    state: "up",
    since: NOW - 3600,
    why: "",
    by: null,
    canWake: false,
    woken: null,
    inFlight: 0,
    limit: 4,
    limitFound: true,
    alone: 0,
    perMinute: {},
    rate: {},
    share: 0,
    search: null,
    image: null,
    errors: null,
    beats: "u".repeat(60),
    cannot: [],
    notes: [],
    ...more,
  };
}

/** Return a route on which nothing happens, but for `more`. */
export function route(key, machines, more = {}) {
  const idle = { fallback: [], down: false, holds: false, arrived: {}, to: {}, waiting: [] };
  return { key, machines, maxWaiting: 1000, ...idle, ...more };
}

/** Return what waits: `held` of it for a machine that is down. */
export function waiting(kind, count, held, age) {
  const task = kind === "faces" ? "facial-recognition" : kind;
  const oldest = NOW - age;
  return { kind, waiting: count, held, oldest, givesUp: null, for: [], takers: [], task };
}

/** Return an overview in trouble, but for `more`. */
export function trouble(more = {}) {
  return {
    full: true,
    cursor: "a-1",
    now: NOW,
    proxy: { version: "1.0", started: NOW - 3600, config: 1 },
    recording: false,
    configError: null,
    demo: null,
    immich: { firstCall: NOW - 3500 },
    machines: [
      machine("gaming-pc", { state: "down", since: NOW - 180, why: "connection refused", limit: 8 }),
      machine("mac-mini", {
        inFlight: 2,
        limit: 2,
        rate: { search: 0.1, image: 5.2 },
        share: 0.87,
      }),
      machine("nas", { state: "drained", by: "hand", inFlight: 1, limit: 1, share: 0.13 }),
    ],
    routes: [
      route("default", ["nas", "mac-mini"], {
        arrived: { search: 0.1, image: 0.1 },
        to: { "mac-mini": { search: 0.1 }, nas: { image: 0.1 } },
      }),
      route("facial-recognition", ["gaming-pc"], {
        down: true,
        holds: true,
        arrived: { image: 0.4 },
        waiting: [waiting("faces", 80, 80, 170)],
      }),
      route("clip", ["gaming-pc"], {
        fallback: ["nas", "mac-mini"],
        arrived: { image: 5.2 },
        to: { "mac-mini": { image: 5.2 } },
        waiting: [waiting("clip", 26, 0, 1)],
      }),
    ],
    plot: { range: "15m", step: 1, from: NOW, until: NOW, images: {}, searchP95: [] },
    events: [],
    left: { source: "counts", asked: null, error: null, kinds: {}, slowest: null, ends: null },
    advice: [],
    ...more,
  };
}
