// Tells on every page who may do what, and ends the session of who has logged in.

import { ApiError, get, post } from "./api.js";
import { el } from "./dom.js";

const OPEN =
  "There is no admin token: whoever reaches this address can see what is here, and send " +
  "your photos elsewhere. Start the proxy with --admin-token-file, or keep others away.";

async function logOut() {
  try {
    await post("api/logout", {});
  } catch (error) {
    // The page that is loaded now tells what is wrong.
    if (!(error instanceof ApiError)) throw error;
  }
  location.reload();
}

/** Show it, once the proxy has told. */
export async function tellAccess() {
  let access;
  try {
    access = await get("api/access");
  } catch (error) {
    // The page itself tells that the proxy cannot be reached.
    if (error instanceof ApiError) return;
    throw error;
  }
  if (!access.needsToken) {
    document.querySelector("main")?.append(el("p", { id: "open", class: "hint" }, OPEN));
  } else if (access.hasSession) {
    const button = el("button", { type: "button", id: "log-out", onclick: logOut }, "Log out");
    document.querySelector("body > header")?.append(button);
  }
}
