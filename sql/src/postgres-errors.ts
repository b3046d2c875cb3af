/**
 * Classes and codes of PostgreSQL's errors that pass by themselves (appendix A of its manual): connection,
 * resources, operator's intervention, statement or lock timeout, serialization, deadlock, read-only standby.
 */
const TRANSIENT = /^(08|53|57P|57014|55P03|40001|40P01|25006|25P0[34])/;

/** Node's errors of a connection that fails or breaks. */
const CONNECTION = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOENT",
  "ENOTFOUND",
  "EAI_AGAIN",
]);

/** pg's own errors carry no code. */
const DRIVER =
  /^(timeout exceeded when trying to connect|Connection terminated|Query read timeout|Client has encountered a connection error|Client was closed|Postgres connection has been discarded|Cannot use a pool after calling end)/;

/** Whether an error of PostgreSQL, or of the way to it, may pass by itself. */
export function postgresErrorPasses(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  return TRANSIENT.test(code) || CONNECTION.has(code) || DRIVER.test(error.message);
}
