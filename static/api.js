// Talks to the proxy's API; every failure becomes an ApiError with words for people.

/** Seconds after which an answer is no longer waited for. */
const PATIENCE = 15;

export class ApiError extends Error {
  /**
   * @param {string} message what happened and what to do about it
   * @param {number} status of the answer; 0 when there was none
   * @param {string} field path of the refused field; empty if none is named
   */
  constructor(message, status = 0, field = "") {
    super(message);
    this.status = status;
    this.field = field;
  }
}

/** Return the JSON of a GET. */
export function get(path) {
  return ask(path, {});
}

/** Return the JSON that a POST of `value` is answered with. */
export function post(path, value) {
  return ask(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(value),
  });
}

/** Return the JSON that a DELETE is answered with. */
export function remove(path) {
  return ask(path, { method: "DELETE" });
}

/**
 * Return what `/api/status` tells; of old proxies, which have none, that nothing is wrong.
 *
 * @returns {Promise<{configError: string|null, backends?: object, routes?: object}>}
 */
export async function status() {
  try {
    return await get("api/status");
  } catch (error) {
    if (error.status === 404) return { configError: null };
    throw error;
  }
}

async function ask(path, options) {
  let answer;
  let text;
  try {
    answer = await fetch(path, {
      ...options,
      cache: "no-store",
      signal: AbortSignal.timeout(PATIENCE * 1000),
    });
    text = await answer.text();
  } catch (error) {
    if (error.name === "TimeoutError") {
      throw new ApiError(`The proxy did not answer within ${PATIENCE} s.`);
    }
    throw new ApiError("The proxy cannot be reached. Is it running?");
  }
  const value = parsed(text);
  if (!answer.ok) {
    throw new ApiError(
      value?.error || `The proxy answered ${answer.status} to ${path}.`,
      answer.status,
      value?.field || "",
    );
  }
  if (value === undefined) {
    throw new ApiError(
      `The answer to ${path} is not JSON: something else than the proxy answers here.`,
      answer.status,
    );
  }
  return value;
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
