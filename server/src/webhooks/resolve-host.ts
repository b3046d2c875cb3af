import { NODATA, NOTFOUND, Resolver } from "node:dns/promises";

/** All addresses of a host's name. Rejects when there are none, and when `signal` aborts. */
export type ResolveHost = (name: string, signal: AbortSignal) => Promise<readonly string[]>;

/** Milliseconds for the first of two questions to a server. */
const TIMEOUT_MS = 2_000;

/**
 * Asks the system's name servers, for IPv4 and IPv6. Not through the system's own resolver: that takes one of the few
 * threads that files and cryptography wait for too, as long as a slow server likes.
 */
export const resolveHost: ResolveHost = async (name, signal) => {
  // RFC 6761, section 6.3: no name server is asked.
  if (name === "localhost" || name.endsWith(".localhost")) return ["127.0.0.1"];
  const resolver = new Resolver({ timeout: TIMEOUT_MS, tries: 2 });
  const cancel = () => resolver.cancel();
  signal.addEventListener("abort", cancel, { once: true });
  try {
    const answers = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]);
    signal.throwIfAborted();
    const addresses = answers.flatMap((answer) => (answer.status === "fulfilled" ? answer.value : []));
    if (addresses.length > 0) return addresses;
    throw new Error(answers.every(isNothing) ? "its name has no address" : "its name was not resolved");
  } finally {
    signal.removeEventListener("abort", cancel);
  }
};

function isNothing(answer: PromiseSettledResult<unknown>): boolean {
  const code = answer.status === "rejected" ? (answer.reason as NodeJS.ErrnoException).code : undefined;
  return code === NODATA || code === NOTFOUND;
}
