/** An error as a node describes it, for the ledger and for callers; a few words in place of one that JSON cannot hold. */
export function nodeError(said: unknown): unknown {
  try {
    JSON.stringify(said);
    return said;
  } catch {
    return "an error of another shape";
  }
}
