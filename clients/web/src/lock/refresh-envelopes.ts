import type { Relay } from "../relays/relay.ts";
import type { HeldEnvelope } from "../vault/lock-vault-api.ts";
import { sameBytes } from "../vault/same-bytes.ts";
import { storeInTime } from "../wallet/store-in-time.ts";
import type { UnlockedShare } from "../wallet/unlocked-shares.ts";
import { fromVault, untrue } from "../wallet/wallet-errors.ts";
import type { LockContext } from "./lock-context.ts";

/**
 * Makes the account's envelopes that are missing anew, and those of another passkey, suite or key than the relay's current
 * one. What fails is left for the next time. Each relay is asked which key is current at most once a page, unless something
 * else says that it changed. A relay that calls a key outdated, and locks with it all the same, brings that about once a page.
 */
export async function refreshEnvelopes(
  context: LockContext,
  accountId: string,
  share: UnlockedShare,
  signal: AbortSignal,
): Promise<void> {
  const { tenant, rpId, vault, all } = context;
  const held = await storeInTime(vault.heldEnvelopes({ tenant, rpId, accountId }), signal);
  const each = all.map(async (relay) => {
    const envelope = held.find((one) => one.relay === relay.origin);
    if (await isGood(context, relay, envelope, share, signal)) return;
    await seal(context, relay, accountId, share, signal);
  });
  await Promise.allSettled(each);
}

async function isGood(
  context: LockContext,
  relay: Relay,
  envelope: HeldEnvelope | undefined,
  { credentialId }: UnlockedShare,
  signal: AbortSignal,
): Promise<boolean> {
  const { suite, keys } = context;
  if (envelope === undefined || envelope.suite !== suite) return false;
  if (!sameBytes(envelope.credentialId, credentialId)) return false;
  if (keys.isOutdated(relay, envelope.keyId)) return false;
  if (keys.current(relay) === undefined) await readKeys(context, relay, signal);
  return !keys.isOutdated(relay, envelope.keyId);
}

async function readKeys(
  { tenant, suite, timeoutMs, relays, clientOf, keys }: LockContext,
  relay: Relay,
  signal: AbortSignal,
): Promise<void> {
  const ask = (own: AbortSignal) => clientOf(relay).getKeyInfo({ tenant }, { signal: own, timeoutMs });
  const { keys: all } = await relays.ask(relay, ask, signal);
  const current = all.find((key) => key.suite === suite && key.current);
  if (current !== undefined) keys.setCurrent(relay, current.keyId);
}

async function seal(
  { tenant, suite, timeoutMs, vault, relays, clientOf, keys, tell }: LockContext,
  relay: Relay,
  accountId: string,
  { shareId, credentialId }: UnlockedShare,
  signal: AbortSignal,
): Promise<void> {
  const { passId, element } = await fromVault(vault.beginEnvelope({ shareId, suite }));
  try {
    const keyId = await relays.ask(
      relay,
      async (own) => {
        const call = { signal: own, timeoutMs };
        const answer = await clientOf(relay).applyServerLock({ tenant, suite, element }, call);
        const { element: locked, proof, key } = answer;
        if (key === undefined) throw untrue("UNSPECIFIED", "the relay did not say which key it locked with");
        // Signed out meanwhile: nothing is kept.
        own.throwIfAborted();
        const { commitment } = key;
        const of = { passId, tenant, relay: relay.origin, credentialId, element: locked, proof, commitment };
        return (await fromVault(vault.finishEnvelope(of))).keyId;
      },
      signal,
    );
    keys.setCurrent(relay, keyId);
    tell({ type: "refreshed", accountId, relay: relay.baseUrl, keyId });
  } finally {
    await vault.abandonPass({ passId });
  }
}
