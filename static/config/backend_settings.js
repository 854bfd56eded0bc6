// What a machine may have beside its name and address: what it is called and for. Pure.

import { abilitiesOf, abilitiesText } from "./abilities.js";
import { headersOf, headersText } from "./headers.js";

/** @import { Setting } from "./values.js" */

/** @type {Setting[]} */
export const GENERAL = [
  {
    name: "state",
    label: "State",
    byDefault: "enabled",
    choices: [
      { value: "enabled", label: "Enabled", hint: "Gets work as the table says." },
      { value: "drain", label: "Drain", hint: "Finishes what it has and takes nothing new." },
      { value: "disabled", label: "Disabled", hint: "Gets no work and is not checked." },
    ],
  },
  {
    name: "maxConcurrent",
    label: "Requests at once",
    kind: "number",
    words: ["auto"],
    byDefault: "auto",
    about: "“auto” finds out what it can work on.",
  },
  {
    name: "weight",
    label: "Weight",
    kind: "number",
    byDefault: "1",
    about: "Its size beside the others’, for “The least busy”.",
  },
  {
    name: "abilities",
    label: "Can do",
    byDefault: "what is found out",
    about: "Tasks, with models if not all: “clip: ViT-B-32__openai, RN50__openai; ocr”.",
    show: abilitiesText,
    read: abilitiesOf,
  },
  {
    name: "headers",
    label: "Headers",
    byDefault: "none",
    about:
      "Sent with every request, for a login: “Authorization: Bearer …”. Shown as ***, which " +
      "keeps what there is; to be typed again where the address leads to another machine.",
    isSecret: true,
    show: headersText,
    read: headersOf,
  },
  {
    name: "resolve",
    label: "Its name stands for",
    byDefault: "one machine",
    choices: [
      { value: "", label: "One machine", hint: "It is asked at one of the name’s addresses." },
      {
        value: "all",
        label: "One machine at each of its addresses",
        hint: "As Docker Compose, Swarm and Kubernetes name replicas; looked up every 10 s.",
      },
      { value: "ipv4", label: "One machine at each of its IPv4 addresses" },
      { value: "ipv6", label: "One machine at each of its IPv6 addresses" },
    ],
  },
  {
    name: "caFile",
    label: "Certificates",
    byDefault: "those that the proxy’s system believes",
    about:
      "For https with a certificate of your own: the file, on the proxy’s machine, of who has " +
      "signed it, such as /etc/immich-ml-proxy/ca.pem.",
  },
];

/** When a machine is used, and whether it may sleep. @type {Setting[]} */
export const BREAKS = [
  {
    name: "windows",
    label: "Used from … to …",
    byDefault: "always",
    about: "By the clock of the proxy’s machine: “22:00-07:00; Sat,Sun 00:00-24:00”.",
    show: (texts) => [texts].flat().join("; "),
    read: (text) => text.split(";").map((part) => part.trim()).filter(Boolean),
  },
  {
    name: "pings",
    label: "Health checks",
    byDefault: "always",
    choices: [
      { value: "always", label: "Always", hint: "It is asked whether it is there, work or not." },
      { value: "on demand", label: "When there is work", hint: "Else it is left alone, and may sleep." },
    ],
  },
  {
    name: "sleepHook",
    label: "Address that puts it to sleep",
    byDefault: "none",
    about: "Is sent a POST once it has had nothing to do for a while.",
  },
  {
    name: "idleMinutes",
    label: "For how long it had nothing to do",
    kind: "minutes",
    byDefault: "15 min",
    about: "Then the address above is called.",
  },
];

/** All that stands in the entry itself. */
export const OPTIONS = [...GENERAL, ...BREAKS];

/** What Immich asks for; requests at once can be limited for each. */
export const TASKS = [
  { task: "clip", label: "Searches and pictures" },
  { task: "facial-recognition", label: "Faces" },
  { task: "ocr", label: "Text in pictures" },
];

/** Of each task; its name is the task's. @type {Setting} */
export const LIMIT = { name: "", label: "", kind: "number", byDefault: "no limit" };

/** How a machine is woken; without a MAC address it is not. @type {Setting[]} */
export const WAKE = [
  {
    name: "mac",
    label: "MAC address",
    byDefault: "none, and it is not woken",
    about: "Of its network card, such as 00:11:22:aa:bb:cc.",
  },
  {
    name: "broadcast",
    label: "Broadcast address",
    byDefault: "255.255.255.255",
    about: "Where the wake-up call is sent.",
  },
  {
    name: "port",
    label: "UDP port",
    kind: "number",
    byDefault: "9",
    about: "Machines hear it at 7 or 9.",
  },
];

/**
 * Return what a task is called.
 *
 * @param {string} task in any spelling
 */
export function taskLabel(task) {
  return TASKS.find((known) => known.task === task.replaceAll("_", "-"))?.label ?? task;
}
