import { randomUUID } from "node:crypto";
import type { Devnet } from "@countersign/devnet";
import { type HeldKey, LanePool, type Relayer } from "@countersign/server/lanes/lane-pool.ts";
import type { LaneState } from "@countersign/server/lanes/lane-state.ts";
import { readWork } from "@countersign/server/lanes/work.ts";
import type { Ledger, Submission } from "@countersign/server/ledger/ledger.ts";
import { openLedger } from "@countersign/server/ledger/open-ledger.ts";
import { Head } from "@countersign/server/near/head.ts";
import { NearRpc } from "@countersign/server/near/near-rpc.ts";
import { postByUndici } from "@countersign/server/near/post-by-undici.ts";
import { NearTransactions } from "@countersign/server/near/transactions.ts";
import { NearViews } from "@countersign/server/near/views.ts";
import type { GrantSigner } from "@countersign/server/signer-client/grant-signer.ts";
import { SignerClient } from "@countersign/server/signer-client/signer-client.ts";
import { signerTransport } from "@countersign/server/signer-client/signer-transport.ts";
import { Changes } from "@countersign/server/tx/changes.ts";
import { LedgerKeyChanges } from "@countersign/server/tx/key-changes.ts";
import { isTerminal } from "@countersign/server/tx/states.ts";
import { Secret } from "@countersign/service-kit";
import { onTestFinished } from "vitest";
import { NETWORK } from "../../support/test-relay.ts";

export interface ReplicaOptions {
  readonly devnet: Devnet;
  readonly socketPath: string;
  readonly ledgerUrl: string;
  readonly relayers: readonly Relayer[];
  readonly grants?: GrantSigner;
  /** What of the signer's keys is shown to it; all without. */
  readonly isShown?: (key: HeldKey) => boolean;
  /** Whether an operator holds everything. */
  readonly isHeld?: boolean;
}

/** The lanes of a relay that have no relay around them, over a real ledger, signer and chain. */
export interface Replica {
  readonly pool: LanePool;
  readonly ledger: Ledger;
  readonly changes: LedgerKeyChanges;
  /** Keys that were told to sign no more, or again: "pool-a false". */
  readonly keyChanges: readonly string[];
  /** Ids of its lanes' keys now. */
  keyIds(): string[];
  stateOf(keyId: string): LaneState | undefined;
  /** How many submissions came into that state here. */
  moved(to: string): number;
  /** Resolves once this holds; it is looked at after every event. */
  until(holds: () => boolean): Promise<void>;
  /** Accepts delegates of the tenant "acme". */
  accept(...delegates: readonly Uint8Array[]): Promise<void>;
  /** Resolves with a submission of the relay's own once it has ended. */
  ended(id: string): Promise<Submission>;
  /** As a process that is told to stop. */
  stop(): Promise<void>;
}

/** Starts it; it stops with the test. */
export async function startReplica(options: ReplicaOptions): Promise<Replica> {
  const { devnet, socketPath, relayers, isShown = () => true, isHeld = false } = options;
  const ledger = await openLedger(new Secret(options.ledgerUrl));
  const now = () => new Date();
  const random = Math.random;
  const ignore = () => undefined;
  const waiting = new Set<() => void>();
  const look = () => {
    for (const one of [...waiting]) one();
  };
  const moves = new Map<string, number>();
  const keyChanges: string[] = [];
  const events = {
    ...{ laneAcquired: ignore, laneLost: ignore, laneRetrying: ignore, laneTrouble: ignore },
    submissionTransition({ to }: { to: string }) {
      moves.set(to, (moves.get(to) ?? 0) + 1);
      look();
    },
  };
  const rpc = new NearRpc({
    post: postByUndici,
    endpoints: devnet.rpcUrls.map((url) => ({ url, headers: {} })),
    ...{ timeoutMs: 5_000, retries: 3, hedgeReads: true },
    now: () => performance.now(),
    random,
  });
  const views = new NearViews(rpc);
  const transport = signerTransport({
    address: { kind: "unix", path: socketPath },
    timeoutMs: 5_000,
    now,
    onBadFiles: ignore,
  });
  const client = new SignerClient(transport, ignore, options.grants);
  const pool = new LanePool({
    ...{ network: NETWORK, relayers, owner: randomUUID(), leaseMs: 1_000, ledger, now, events },
    listKeys: async (signal) => (await client.listKeys(signal)).filter(isShown),
    onKeysFailed: ignore,
    onKeyChanged: ({ keyId, signs }) => keyChanges.push(`${keyId} ${signs}`),
    onLaneState: look,
    onQueueUnseen: ignore,
    heldTenants: () => [],
    holdsOf: () => ({ lane: isHeld, tenants: [] }),
    worker: {
      ...{ window: 32, ledger, signer: client, now, random, events },
      head: new Head(NETWORK, rpc, views, Date.now),
      chain: {
        ...{ views, transactions: new NearTransactions(rpc), endpointCount: rpc.endpointCount },
        isDown: (endpoint) => rpc.endpoints.at(endpoint).isDown,
        validityBlocks: 86_400n,
      },
      readWork: (stored) => readWork(stored, undefined),
    },
  });
  const changes = new LedgerKeyChanges({
    ...{ network: NETWORK, ledger, now },
    newId: () => `sub_${randomUUID()}`,
    onAccepted: () => pool.wake(),
  });
  const changesOf = new Changes(
    (listener) => ledger.onChange(listener),
    (_, id) => changes.find(id),
  );
  const stopping = new AbortController();
  const running = pool.run(stopping.signal);
  let stopped: Promise<void> | undefined;
  const stop = () => {
    stopping.abort();
    changesOf.close();
    stopped ??= running.then(() => ledger.close());
    return stopped;
  };
  onTestFinished(stop);
  const until = (holds: () => boolean) =>
    new Promise<void>((resolve) => {
      const one = () => {
        if (!holds()) return;
        waiting.delete(one);
        resolve();
      };
      waiting.add(one);
      one();
    });
  return {
    ...{ pool, ledger, changes, keyChanges, until, stop },
    keyIds: () => pool.reports().map(({ keyId }) => keyId),
    stateOf: (keyId) => pool.reports().find((report) => report.keyId === keyId)?.state,
    moved: (to) => moves.get(to) ?? 0,
    async accept(...delegates) {
      for (const payload of delegates)
        await ledger.accept(acceptInput(`sub_${randomUUID()}`, payload, now()));
      pool.wake();
    },
    async ended(id) {
      const found = await changesOf.until(
        { tenant: "", id },
        ({ state }) => isTerminal(state),
        stopping.signal,
      );
      if (found === undefined) throw new Error("the replica stopped before the submission ended");
      return found;
    },
  };
}

function acceptInput(id: string, payload: Uint8Array, at: Date): Parameters<Ledger["accept"]>[0] {
  return {
    ...{ tenant: "acme", caller: "tenant", method: "SubmitDelegate", idempotencyKey: id },
    bodyHash: new Uint8Array(32),
    submission: {
      ...{ id, kind: "DELEGATE", network: NETWORK, accountId: "wallet.test", receiverId: "guest-book.test" },
      ...{ delegateHash: null, payload, requiredRelayer: null, expiresAtHeight: null },
    },
    ...{ replayMark: null, callerCredential: null, maxOpen: 1_000 },
    budget: {
      user: "key:test",
      amounts: { accounts: 0n, gas: 0n, deposit: 0n },
      limits: { "tenant-day": {}, "tenant-month": {}, "user-day": {}, "user-month": {} },
    },
    audit: { tenant: "acme", kind: "submission.accepted", actor: "key:test", at, detail: {} },
    at,
  };
}
