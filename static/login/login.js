// The login page: shows the token to the proxy once, for a session.

import { ApiError, post } from "../shared/api.js";
import { whileBusy } from "../shared/busy.js";
import { byId, controlById, tell } from "../shared/dom.js";

const token = controlById("token", HTMLInputElement);
const button = controlById("log-in", HTMLButtonElement);

async function logIn() {
  tell(byId("problem"), "");
  token.removeAttribute("aria-invalid");
  try {
    if (token.value === "") throw new ApiError("Type the admin token.");
    await post("api/login", { token: token.value });
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    tell(byId("problem"), error.message);
    token.setAttribute("aria-invalid", "true");
    token.select();
    token.focus();
    return;
  }
  // Any page shows the login page in its place until somebody has logged in.
  if (location.pathname.endsWith("/login")) location.replace("./");
  else location.reload();
}

byId("form").addEventListener("submit", (event) => {
  event.preventDefault();
  whileBusy(button, "Logging in…", logIn);
});
