import { unlessAborted } from "../clock.ts";
import { errorOf } from "../countersign-error.ts";
import type { Relay } from "../relays/relay.ts";
import type { Attempt } from "../relays/relay-list.ts";
import type { HeldEnvelope } from "../vault/lock-vault-api.ts";
import { sameBytes } from "../vault/same-bytes.ts";
import { cancelled } from "../wallet/app-session.ts";
import { storeInTime } from "../wallet/store-in-time.ts";
import type { UnlockedShare } from "../wallet/unlocked-shares.ts";
import { fromVault, notReady } from "../wallet/wallet-errors.ts";
import type { LockContext } from "./lock-context.ts";

/** How long the vault may take to begin, in milliseconds, with the arithmetic of suite 2 on a slow device. */
const BEGIN_MS = 5_000;

/**
 * Opens the account's shares with the first relay that takes its lock off an envelope. Each is asked for its own; then,
 * because relays may share a key, for those of the others. Throws the last relay's error, or FAILED_PRECONDITION when there
 * is no envelope.
 *
 * @param passkey the credential id of the passkey whose shares are wanted; undefined for any
 * @param opened is told of all shares that the vault opened: of two relays that are asked at once, both may help
 * @returns the relay that was the first to
 */
export async function openByRelay(
  context: LockContext,
  accountId: string,
  passkey: Uint8Array | undefined,
  opened: (share: UnlockedShare) => void,
  signal: AbortSignal,
): Promise<string> {
  const { tenant, rpId, vault, relays } = context;
  // That the worker is still being loaded says nothing of its store.
  await unlessAborted(vault.ready, signal);
  const all = await storeInTime(vault.heldEnvelopes({ tenant, rpId, accountId }), signal);
  const held = all.filter(({ credentialId }) => passkey === undefined || sameBytes(credentialId, passkey));
  if (held.length === 0) throw notReady("UNSPECIFIED", "no relay has locked anything of this account");
  const { relay } = await relays.first(
    attemptsOf(relays.inOrder(), held).map(
      ({ relay, envelope }): Attempt<void> => ({
        relay,
        async make(own) {
          const share = await open(context, relay, envelope, accountId, own);
          // Locked meanwhile, and so erased.
          if (signal.aborted) throw cancelled(signal);
          opened(share);
        },
      }),
    ),
    signal,
  );
  return relay.baseUrl;
}

interface Pair {
  readonly relay: Relay;
  readonly envelope: HeldEnvelope;
}

/** Relays with envelopes of their own come first. */
function attemptsOf(relays: readonly Relay[], held: readonly HeldEnvelope[]): Pair[] {
  const own: Pair[] = [];
  const borrowed: Pair[] = [];
  for (const relay of relays) {
    for (const envelope of held) {
      (envelope.relay === relay.origin ? own : borrowed).push({ relay, envelope });
    }
  }
  return [...own, ...borrowed];
}

async function open(
  { tenant, rpId, timeoutMs, vault, relays, clientOf, keys }: LockContext,
  relay: Relay,
  { relay: sealedFor, keyId: knownKeyId }: HeldEnvelope,
  accountId: string,
  signal: AbortSignal,
): Promise<UnlockedShare> {
  const name = { tenant, rpId, accountId, relay: sealedFor };
  const begun = await storeInTime(vault.beginOpening(name), signal, BEGIN_MS);
  if (begun === undefined) throw notReady("UNSPECIFIED", "the envelope is gone");
  const { passId, keyId, element } = begun;
  try {
    return await relays.ask(
      relay,
      async (own) => {
        const call = { signal: own, timeoutMs };
        const answer = await clientOf(relay).removeServerLock({ tenant, keyId, element }, call);
        const { element: unlocked, proof, key } = answer;
        // Answered already by another relay, or locked: nothing more is opened.
        own.throwIfAborted();
        const share = await fromVault(vault.finishOpening({ passId, element: unlocked, proof }));
        if (key?.current === true) keys.setCurrent(relay, keyId);
        else keys.outdated(relay, keyId);
        return share;
      },
      signal,
    );
  } catch (thrown) {
    const error = errorOf(thrown);
    if (error.reason === "LOCK_KEY_UNKNOWN") keys.outdated(relay, knownKeyId);
    throw error;
  } finally {
    await vault.abandonPass({ passId });
  }
}
