// Overviews for the tests: nothing happens, and nothing is wrong, but for `more`.

export const NOW = 1764366120;

export function machine(name, more = {}) {
  return {
    name,
    url: `http://${name}:3003`,
    state: "up",
    since: NOW - 7200,
    why: "",
    by: null,
    until: null,
    resting: false,
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

export function route(key, machines, more = {}) {
  return {
    key,
    machines,
    fallback: [],
    down: false,
    holds: false,
    arrived: {},
    to: {},
    maxWaiting: 1000,
    waiting: [],
    ...more,
  };
}

export function waiting(kind, count, more = {}) {
  return {
    kind,
    waiting: count,
    held: 0,
    oldest: NOW - 1,
    givesUp: null,
    for: [],
    takers: [],
    task: "clip",
    ...more,
  };
}

export function overview(machines, more = {}) {
  return {
    full: true,
    cursor: "a",
    now: NOW,
    proxy: { version: "1.0", started: NOW - 86400, config: 1 },
    recording: false,
    configError: null,
    demo: null,
    immich: { firstCall: NOW - 8000 },
    machines,
    routes: [route("default", machines.map(({ name }) => name))],
    plot: { range: "15m", step: 1, from: NOW - 900, until: NOW, images: {}, searchP95: [] },
    events: [],
    left: { source: "counts", asked: null, error: null, kinds: {}, slowest: null, ends: null },
    advice: [],
    ...more,
  };
}
