// What a machine is called by whoever has only told its address. Pure.

/**
 * Return a name: "gaming-pc" for http://gaming-pc.local:3003.
 *
 * @param {string} url
 */
export function nameFor(url) {
  const host = URL.canParse(url) ? new URL(url).hostname : "";
  if (!host) return "my-machine";
  if (host === "localhost" || host === "[::1]" || host.startsWith("127.")) return "this-machine";
  if (/^[\d.]+$/.test(host) || host.startsWith("[")) return host;
  return host.split(".")[0];
}
