// Talks to the proxy's API; every failure becomes an ApiError with words for people.

/** @import { Got, Posted, Refusal, Removed, Status } from "./answers.d.ts" */

/** Seconds after which an answer is no longer waited for. */
const PATIENCE = 15;

export class ApiError extends Error {
  /**
   * @param {string} message what happened and what to do about it
   * @param {number} status of the answer; 0 when there was none
   * @param {string} field path of the refused field; empty if none is named
   * @param {Partial<Refusal>} refusal all that the proxy said
   */
  constructor(message, status = 0, field = "", refusal = {}) {
    super(message);
    this.status = status;
    this.field = field;
    this.refusal = refusal;
  }
}

/**
 * Return the JSON of a GET. What has not changed since it was last asked for comes from
 * the browser's cache, where the proxy says so.
 *
 * @template {keyof Got} Path
 * @param {Path} path
 */
export async function get(path) {
  return /** @type {Got[Path]} */ (await ask(path, {}));
}

/**
 * Return the text of a GET.
 *
 * @param {string} path
 */
export async function getText(path) {
  return (await answered(path, {}, PATIENCE)).text;
}

/** @type {((access: string) => void)[]} */
const hearers = [];

/**
 * Have each answer tell who may do what: "open" to everybody, or with a "session".
 *
 * @param {(access: string) => void} hear
 */
export function hearAccess(hear) {
  hearers.push(hear);
}

/** @type {Map<string, string>} */
const versions = new Map();

/**
 * Return the version of what the last answer to `path` told; empty if it has none.
 *
 * @param {string} path
 */
export function versionOf(path) {
  return versions.get(path) ?? "";
}

/**
 * Return the JSON that a POST of `value` is answered with.
 *
 * @template {keyof Posted} Path
 * @param {Path} path
 * @param {object} value
 * @param {string} version what it is meant for; another one there is left as it is, 412
 * @param {number} patience seconds that the answer may take
 */
export async function post(path, value, version = "", patience = PATIENCE) {
  /** @type {Record<string, string>} */
  const condition = version ? { "If-Match": version } : {};
  const told = {
    method: "POST",
    headers: { "Content-Type": "application/json", ...condition },
    body: JSON.stringify(value),
  };
  return /** @type {Posted[Path]} */ (await ask(path, told, patience));
}

/**
 * Return the JSON that a DELETE is answered with.
 *
 * @template {keyof Removed} Path
 * @param {Path} path
 */
export async function remove(path) {
  return /** @type {Removed[Path]} */ (await ask(path, { method: "DELETE" }));
}

/**
 * Return what `/api/status` tells; of old proxies, which have none, that nothing is wrong.
 *
 * @returns {Promise<Status>}
 */
export async function status() {
  try {
    return await get("api/status");
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return { configError: null };
    throw error;
  }
}

/**
 * Return the JSON of an answer.
 *
 * @param {string} path
 * @param {RequestInit} options
 * @param {number} patience seconds
 */
async function ask(path, options, patience = PATIENCE) {
  const { text, status } = await answered(path, options, patience);
  const value = parsed(text);
  if (value === undefined) {
    throw new ApiError(
      `The answer to ${path} is not JSON: something else than the proxy answers here.`,
      status,
    );
  }
  return value;
}

/**
 * Return an answer that is none of an error.
 *
 * @param {string} path
 * @param {RequestInit} options
 * @param {number} patience seconds
 */
async function answered(path, options, patience) {
  let answer;
  let text;
  try {
    answer = await fetch(path, {
      ...options,
      // A page of another site cannot send it: so the proxy knows that this is its own.
      headers: { ...options.headers, "X-Immich-ML-Proxy": "page" },
      cache: "no-cache",
      signal: AbortSignal.timeout(patience * 1000),
    });
    text = await answer.text();
  } catch (error) {
    if (error instanceof Error && error.name === "TimeoutError") {
      throw new ApiError(`The proxy did not answer within ${patience} s.`);
    }
    throw new ApiError("The proxy cannot be reached. Is it running?");
  }
  const access = answer.headers.get("X-Immich-ML-Access");
  if (access) for (const hear of hearers) hear(access);
  const version = answer.headers.get("ETag");
  if (version) versions.set(path, version);
  if (!answer.ok) {
    const refusal = /** @type {Partial<Refusal>|null|undefined} */ (parsed(text));
    throw new ApiError(
      refusal?.error || `The proxy answered ${answer.status} to ${path}.`,
      answer.status,
      refusal?.path || refusal?.field || "",
      refusal ?? {},
    );
  }
  return { text, status: answer.status };
}

/**
 * @param {string} text
 * @returns {unknown} undefined if it is not JSON
 */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
