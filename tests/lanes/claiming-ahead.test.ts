import { KeystoreKey } from "@countersign/signer-service/backends/keystore/keystore-key.ts";
import { expect, it } from "vitest";
import { expectExactlyOnce } from "../support/exactly-once.ts";
import { type LedgerEngine, ledgerEngines, type RelayWorld } from "../support/relay-world.ts";
import { finishAll, submitSurely } from "../support/submitting.ts";
import type { TestRelayerKey } from "../support/test-signer.ts";
import { type LanesRelay, startLanesRelay } from "./support/lanes-relay.ts";

const TIMEOUT_MS = 120_000;
const COUNT = 140;
/** Most that one call to the signer holds. */
const FULL = 64;

/** A signer's key that gives what it is asked for when it is let, or fails then. */
class WaitingKey extends KeystoreKey {
  asked = 0;
  #next = Promise.withResolvers<void>();
  #isOpen = false;

  override async sign(hash: Uint8Array): Promise<Uint8Array> {
    this.asked++;
    if (!this.#isOpen) await this.#next.promise;
    return super.sign(hash);
  }

  /** Answers what it was asked for up to now, and with `failure` throws it instead. */
  answer(failure?: Error): void {
    const { resolve, reject } = this.#next;
    this.#next = Promise.withResolvers();
    if (failure === undefined) resolve();
    else reject(failure);
  }

  open(): void {
    this.#isOpen = true;
    this.answer();
  }
}

interface Claiming {
  readonly relay: LanesRelay;
  readonly key: WaitingKey;
  readonly all: readonly Uint8Array[];
}

/** A lane whose full batch the signer has, and has not answered, while more waits. */
async function withFullBatchAtSigner(engine: LedgerEngine): Promise<Claiming> {
  let key: WaitingKey | undefined;
  const relay = await startLanesRelay({
    engine,
    wallets: COUNT,
    // The signer is not asked again while it waits, however long the rest takes to be accepted.
    settings: { "lanes.window": "512", "signer.timeout_ms": "60000" },
    signerBackend: ({ privateKey }: TestRelayerKey) => {
      key = new WaitingKey(privateKey);
      return key;
    },
  });
  if (key === undefined) throw new Error("the signer has no key");
  const waiting = key;
  const all = await relay.delegates();
  await Promise.all(all.slice(0, 1).map((bytes) => submitSurely(relay.client, bytes)));
  await expect.poll(() => waiting.asked, { timeout: TIMEOUT_MS }).toBe(1);
  await Promise.all(all.slice(1).map((bytes) => submitSurely(relay.client, bytes)));
  waiting.answer();
  await expect.poll(() => waiting.asked, { timeout: TIMEOUT_MS }).toBe(1 + FULL);
  return { relay, key: waiting, all };
}

/** Resolves when more has a nonce than the signer was asked for. */
async function claimedAhead({ rows }: RelayWorld): Promise<void> {
  const claimed = () => rows("select id from submissions where nonce is not null");
  await expect.poll(async () => (await claimed()).length, { timeout: TIMEOUT_MS }).toBeGreaterThan(1 + FULL);
}

/** What was signed, by nonce. */
async function signedAttempts({ rows }: RelayWorld): Promise<{ nonce: number; signedAt: number }[]> {
  const found = await rows<{ nonce: number | string; signed_at: number | string }>(
    "select nonce, signed_at from attempts order by nonce",
  );
  return found.map(({ nonce, signed_at }) => ({ nonce: Number(nonce), signedAt: Number(signed_at) }));
}

it.each(ledgerEngines)(
  "while the signer has a full batch, the next one gets its nonces (%s)",
  async (engine) => {
    const { relay, key, all } = await withFullBatchAtSigner(engine);
    await claimedAhead(relay.world);
    expect(key.asked).toBe(1 + FULL);

    key.open();
    await finishAll(relay.client, all);
    await expectExactlyOnce(relay.world, COUNT);
  },
  TIMEOUT_MS,
);

it.each(ledgerEngines)(
  "what was claimed behind a batch that is not signed waits for it, and no nonce is left out (%s)",
  async (engine) => {
    const { relay, key, all } = await withFullBatchAtSigner(engine);
    await claimedAhead(relay.world);

    key.answer(new Error("the key's place is away"));
    await expect.poll(() => key.asked, { timeout: TIMEOUT_MS }).toBe(1 + FULL + FULL);
    key.open();
    await finishAll(relay.client, all);
    await expectExactlyOnce(relay.world, COUNT);
    const signed = await signedAttempts(relay.world);
    const first = signed[0]?.nonce ?? 0;
    expect(signed.map(({ nonce }) => nonce)).toEqual(signed.map((_, i) => first + i));
    // How they arrive at the chain is another matter: what overtakes there has the others signed again, behind these.
    expect(signed).toEqual(signed.toSorted((a, b) => a.signedAt - b.signedAt));
  },
  TIMEOUT_MS,
);
