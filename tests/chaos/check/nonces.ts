import type { History, SentTransaction } from "../history.ts";

/** Of each key's nonce there is one body: among all that was signed, sent and landed. What was sent, was stored. */
export function* nonceProblems({ attempts, sent, landed }: History): Generator<string> {
  const bodies = new Map<string, string>();
  const said = new Set<string>();
  const look = function* (what: string, { publicKey, nonce, hash }: SentTransaction): Generator<string> {
    const place = `${publicKey} ${nonce}`;
    const before = bodies.get(place);
    if (before === undefined) bodies.set(place, hash);
    else if (before !== hash && !said.has(`${place} ${hash}`)) {
      said.add(`${place} ${hash}`);
      yield `nonce ${nonce} of ${publicKey} carries ${before}, and ${what} was ${hash}`;
    }
  };
  for (const attempt of attempts) yield* look("stored", attempt);
  const stored = new Set(attempts.map(({ hash }) => hash));
  const strangers = new Set<string>();
  for (const one of sent) {
    yield* look("sent", one);
    if (stored.has(one.hash) || strangers.has(one.hash)) continue;
    strangers.add(one.hash);
    yield `${one.hash} was sent, and the ledger does not have it`;
  }
  for (const one of landed) yield* look("landed", one);
}
