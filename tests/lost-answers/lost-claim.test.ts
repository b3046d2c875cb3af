import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LaneKeeper, type LaneKeeperOptions } from "@countersign/server/lanes/lane-keeper.ts";
import { LowBalances } from "@countersign/server/lanes/low-balances.ts";
import { readWork } from "@countersign/server/lanes/work.ts";
import { LedgerUnavailableError } from "@countersign/server/ledger/errors.ts";
import type { Ledger } from "@countersign/server/ledger/ledger.ts";
import { openLedger } from "@countersign/server/ledger/open-ledger.ts";
import { Secret } from "@countersign/service-kit";
import { expect, it, onTestFinished } from "vitest";
import { relayerKey } from "../support/test-signer.ts";
import { TestWallet } from "../support/test-wallet.ts";

const NETWORK = "countersign-devnet";

/** A ledger whose first claim is written and not answered, as when the connection breaks after the commit. */
function withLostClaim(ledger: Ledger): Ledger {
  let lost = false;
  return new Proxy(ledger, {
    get(target, name: keyof Ledger) {
      if (name !== "claim") return target[name];
      return async (input: Parameters<Ledger["claim"]>[0]) => {
        const claimed = await target.claim(input);
        if (lost || claimed.length === 0) return claimed;
        lost = true;
        throw new LedgerUnavailableError("the answer was lost", { cause: undefined });
      };
    },
  });
}

it("what a claim took is signed although the claim's answer was lost", async () => {
  const folder = await mkdtemp(join(tmpdir(), "claim-"));
  const real = await openLedger(new Secret(`sqlite:${join(folder, "relay.db")}`));
  const ledger = withLostClaim(real);
  const { accountId, keyId, publicKey } = await relayerKey("relayer-1", "relay.test");
  const payload = await new TestWallet("wallet.test").delegate();
  await ledger.accept({
    tenant: "default",
    caller: "anonymous",
    method: "SubmitDelegate",
    idempotencyKey: "key",
    bodyHash: new Uint8Array(32),
    submission: {
      id: "sub_1",
      kind: "DELEGATE",
      network: NETWORK,
      accountId: "wallet.test",
      receiverId: "guest-book.test",
      delegateHash: null,
      payload,
      requiredRelayer: null,
      expiresAtHeight: null,
    },
    replayMark: null,
    maxOpen: 10,
    budget: {
      user: "key:test",
      amounts: { accounts: 0n, gas: 0n, deposit: 0n },
      limits: { "tenant-day": {}, "tenant-month": {}, "user-day": {}, "user-month": {} },
    },
    audit: { tenant: "default", kind: "submission.accepted", actor: "key:test", at: new Date(), detail: {} },
    at: new Date(),
  });
  const [lane] = await ledger.ensureLanes([{ network: NETWORK, accountId, publicKey, keyId }]);
  if (lane === undefined) throw new Error("no lane");

  const signed = Promise.withResolvers<number>();
  const stop = new AbortController();
  const ignore = () => undefined;
  const events = {
    laneAcquired: ignore,
    laneLost: ignore,
    laneRetrying: ignore,
    laneTrouble: ignore,
    submissionTransition: ignore,
  };
  const block = async () => ({ height: 100n, hash: "1".repeat(32), timeMs: 0 });
  const options = {
    lane,
    owner: "test",
    leaseMs: 200,
    ledger,
    now: () => new Date(),
    events,
    worker: {
      network: NETWORK,
      key: lane,
      window: 4,
      holds: () => ({ lane: false, tenants: [] }),
      keyUse: () => "signs",
      lowBalances: new LowBalances(() => new Date()),
      onRoom: ignore,
      ledger,
      // The chain and the signer, as far as they are asked before a signature.
      head: { get: block, newest: block },
      chain: { endpointCount: 1, views: { accessKey: async () => ({ nonce: 7n }) } },
      signer: {
        sign: (_: string, transactions: readonly unknown[]) => {
          signed.resolve(transactions.length);
          return new Promise<never>((_, reject) => {
            stop.signal.addEventListener("abort", () => reject(new Error("stopped")));
          });
        },
      },
      now: () => new Date(),
      random: Math.random,
      events,
      readWork: (stored: Parameters<typeof readWork>[0]) => readWork(stored, undefined),
    },
  } as unknown as LaneKeeperOptions;
  const keeper = new LaneKeeper(options);
  const running = keeper.run(stop.signal);
  const offers = setInterval(() => keeper.dealt?.offer(1), 20);
  onTestFinished(async () => {
    clearInterval(offers);
    stop.abort();
    await running;
    await real.close();
    await rm(folder, { recursive: true, force: true });
  });
  expect(await signed.promise).toBe(1);
});
