/** The browser's own machine, where http is a secure context (https://w3c.github.io/webappsec-secure-contexts). */
const LOOPBACK = /^(localhost|[a-z0-9.-]+\.localhost|127\.0\.0\.1|\[::1\])$/;
/** URLs may have more in a host, such as ";" and "*", which mean something in a header. */
const HOST = /^([a-z0-9-]+(\.[a-z0-9-]+)*|\[::1\])$/;

/**
 * The origin of a URL, as browsers write it. Throws TypeError unless it is https, or http on loopback, and its host is a plain
 * name: no wildcard, nothing that could end a directive or a header.
 */
export function originOf(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined) throw new TypeError(`not a URL: ${JSON.stringify(url)}`);
  const { protocol, hostname, origin, username, password } = parsed;
  const isSecure = protocol === "https:" || (protocol === "http:" && LOOPBACK.test(hostname));
  if (!isSecure || !HOST.test(hostname) || username !== "" || password !== "") {
    throw new TypeError(
      `neither https nor http on localhost, or not of a plain host: ${JSON.stringify(url)}`,
    );
  }
  return origin;
}

/** The text itself, if it is exactly an origin: "https://app.example", without path, slash or default port. Throws TypeError. */
export function exactOrigin(text: string): string {
  if (originOf(text) !== text) {
    throw new TypeError(`not an exact origin: ${JSON.stringify(text)}, which is of ${originOf(text)}`);
  }
  return text;
}
