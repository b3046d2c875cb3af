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
    settings: { "lanes.window": "512" },
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

async function nonces({ rows }: RelayWorld, table: "submissions" | "attempts"): Promise<number[]> {
  const found = await rows<{ nonce: number | string }>(
    `select nonce from ${table} where nonce is not null order by nonce`,
  );
  return found.map(({ nonce }) => Number(nonce));
}

/** Resolves when more has a nonce than the signer was asked for. */
async function claimedAhead(world: RelayWorld): Promise<void> {
  await expect
    .poll(async () => (await nonces(world, "submissions")).length, { timeout: TIMEOUT_MS })
    .toBeGreaterThan(1 + FULL);
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

    for (const again of [1, 2]) {
      key.answer(new Error("the key's place is away"));
      await expect.poll(() => key.asked, { timeout: TIMEOUT_MS }).toBe(1 + FULL + again * FULL);
    }
    key.open();
    await finishAll(relay.client, all);
    await expectExactlyOnce(relay.world, COUNT);
    const used = await nonces(relay.world, "attempts");
    expect(used).toEqual(used.map((_, i) => (used[0] ?? 0) + i));
    expect(relay.troubles.get("invalid-nonce")).toBeUndefined();
  },
  TIMEOUT_MS,
);
