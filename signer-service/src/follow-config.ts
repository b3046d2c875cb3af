import type { SignerConfig } from "./config.ts";
import type { RingKey } from "./keys/ring-key.ts";

/**
 * A part of the signer that follows the configuration. Checks a new one, with the keys that it brings, and gives what
 * puts it in effect there; that must not fail. Throws an Error that tells the operator what is wrong.
 */
export type FollowsConfig = (
  next: SignerConfig,
  held: readonly RingKey[],
) => Promise<() => void> | (() => void);

/** All parts as one: nothing of a configuration is in effect before every part has found it good. */
export async function allFollow(
  parts: readonly FollowsConfig[],
  next: SignerConfig,
  held: readonly RingKey[],
): Promise<() => void> {
  const puts: (() => void)[] = [];
  for (const part of parts) puts.push(await part(next, held));
  return () => {
    for (const put of puts) put();
  };
}
