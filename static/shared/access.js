// Tells on every page who may do what, and ends the session of who has logged in.

import { ApiError, hearAccess, post } from "./api.js";
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

/** Show it, once an answer has told. */
export function tellAccess() {
  let shown = "";
  hearAccess((access) => {
    if (access === shown) return;
    shown = access;
    document.getElementById("access")?.remove();
    if (access === "open") {
      document.querySelector("main")?.append(el("p", { id: "access", class: "hint" }, OPEN));
    }
    if (access === "session") {
      const button = el("button", { type: "button", id: "access", onclick: logOut }, "Log out");
      document.querySelector("body > header")?.append(button);
    }
  });
}
