// The settings beside machines and work: what they are called, for, and by default. Pure.

/** @import { Setting } from "./values.js" */

/**
 * Those that belong together are folded together. `steps`: of the object that has them.
 *
 * @typedef {{id: string, title: string, about: string, within?: string,
 *     settings: Setting[]}} Group
 */

/** @type {Group[]} */
export const GROUPS = [
  {
    id: "answers",
    title: "Checks and answers",
    about: "How often machines are looked at, and how long their answers are waited for.",
    settings: [
      {
        name: "healthCheckInterval",
        label: "Time between health checks",
        kind: "seconds",
        byDefault: "10 s",
        about: "How often each machine is asked whether it is there.",
      },
      {
        name: "pingTimeout",
        label: "Patience with a health check",
        kind: "seconds",
        byDefault: "1.5 s",
        about: "A machine that takes longer to say that it is there counts as down.",
      },
      {
        name: "requestTimeout",
        label: "Patience with an answer",
        kind: "seconds",
        byDefault: "290 s",
        about: "A machine that works on something longer has failed. Immich gives up after 300 s.",
      },
      {
        name: "checkAnswers",
        label: "Check answers",
        byDefault: "in full",
        about: "What is not as Immich needs it is asked of another machine.",
        choices: [
          { value: "full", label: "In full" },
          { value: "shape", label: "Their form only, not the numbers" },
          { value: "off", label: "Not at all" },
        ],
      },
      {
        name: "maxPings",
        label: "Health checks at once",
        kind: "number",
        byDefault: "16",
        about: "The other machines wait their turn.",
      },
    ],
  },
  {
    id: "limits",
    title: "Limits",
    about: "What requests, and whoever sends them, may take at the most.",
    settings: [
      {
        name: "maxBodySize",
        label: "Largest request",
        kind: "bytes",
        byDefault: "100 MiB",
        about: "Anything larger is refused.",
      },
      {
        name: "maxBufferedBytes",
        label: "Memory for requests under way",
        kind: "bytes",
        byDefault: "64 MiB",
        about: "When it is full, uploads wait.",
      },
      {
        name: "maxBackends",
        label: "Most machines",
        kind: "number",
        byDefault: "64",
        about: "Keeps a script that goes wrong from adding thousands.",
      },
      {
        name: "maxConnections",
        label: "Most connections",
        kind: "number",
        byDefault: "as many as the system allows",
        about: "Those of Immich, of these pages and of programs together.",
      },
      {
        name: "maxConnectionsPerAddress",
        label: "Most connections from one address",
        kind: "number",
        byDefault: "0, which means any number",
        about: "Immich, and a reverse proxy, are one address.",
      },
      {
        name: "idleTimeout",
        label: "Time that an idle connection is kept",
        kind: "seconds",
        byDefault: "1 min",
        about: "One on which nothing comes for longer is closed.",
      },
      {
        name: "headTimeout",
        label: "Time for the first lines of a request",
        kind: "seconds",
        byDefault: "30 s",
        about: "Who takes longer is cut off.",
      },
      {
        name: "minUploadRate",
        label: "Slowest upload",
        kind: "rate",
        byDefault: "1 KiB/s",
        about: "What comes slower is cut off; 0 means any speed.",
      },
      {
        name: "uploadGrace",
        label: "Time over which its speed is looked at",
        kind: "seconds",
        byDefault: "15 s",
        about: "A short pause is no reason to cut it off.",
      },
    ],
  },
  {
    id: "immich",
    title: "Immich",
    about: "The proxy then asks Immich how much is still to do; the overview tells how long it takes.",
    within: "immich",
    settings: [
      {
        name: "url",
        label: "Immich’s address",
        byDefault: "none, and Immich is not asked",
        about: "As you open it in your browser, such as http://192.168.1.5:2283.",
      },
      {
        name: "apiKey",
        label: "Immich’s API key",
        byDefault: "none",
        isSecret: true,
        about:
          "Of an administrator, made under Account Settings → API Keys with the permission " +
          "queue.read. It is not shown again.",
      },
    ],
  },
];

/** All of the document itself. */
export const SETTINGS = GROUPS.filter(({ within }) => !within).flatMap(({ settings }) => settings);

/**
 * Return the settings of the object under this name.
 *
 * @param {string} within
 */
export function settingsWithin(within) {
  return GROUPS.filter((group) => group.within === within).flatMap(({ settings }) => settings);
}
