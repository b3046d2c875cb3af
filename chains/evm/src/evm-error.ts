/** What was given is not what it says it is, to the last byte. */
export class EvmError extends Error {
  override readonly name = "EvmError";
}
