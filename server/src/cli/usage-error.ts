/** The command line does not say what it must: exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
