/** Errors below an error that are written; a cause may lead back to itself. */
const MAX_CAUSES = 8;

/** An error as a JSON object with its causes, the first 8 of them; whatever else as it is. */
export function plainError(value: unknown, causes = MAX_CAUSES): unknown {
  if (!(value instanceof Error)) return value;
  const { name, message, stack, cause } = value;
  const known = { type: name, message, stack };
  return cause === undefined || causes === 0 ? known : { ...known, cause: plainError(cause, causes - 1) };
}
