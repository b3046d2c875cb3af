import { generateKeyPairSync, randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Devnet, startDevnet } from "@countersign/devnet";
import { formatPublicKey } from "@countersign/near";
import { LanePool } from "@countersign/server/lanes/lane-pool.ts";
import { readWork } from "@countersign/server/lanes/work.ts";
import type { Ledger } from "@countersign/server/ledger/ledger.ts";
import { openLedger } from "@countersign/server/ledger/open-ledger.ts";
import { Head } from "@countersign/server/near/head.ts";
import { NearRpc } from "@countersign/server/near/near-rpc.ts";
import { postByUndici } from "@countersign/server/near/post-by-undici.ts";
import { NearTransactions } from "@countersign/server/near/transactions.ts";
import { NearViews } from "@countersign/server/near/views.ts";
import { GrantSigner } from "@countersign/server/signer-client/grant-signer.ts";
import { SignerClient } from "@countersign/server/signer-client/signer-client.ts";
import { signerTransport } from "@countersign/server/signer-client/signer-transport.ts";
import { Secret } from "@countersign/service-kit";
import type { TestContext } from "vitest";
import { TestWallet } from "../../support/test-wallet.ts";
import { type ScriptedSigner, startScriptedSigner } from "./scripted-signer.ts";

export const NETWORK = "countersign-devnet";
const RELAYER = "relay.test";
const NEAR = 10n ** 24n;

/** The grant key of these tests. */
export const GRANTS = { audience: "signer.test", keyId: "grants-1", seed: new Secret("7a".repeat(32)) };

export interface LaneWorldOptions {
  readonly wallets: number;
  /** Of the lane's pauses: 0 to 1 in life. */
  readonly random?: () => number;
  readonly blockTimeMs?: number | undefined;
  /** The test's own: lanes wait for their clocks, so tests run at the same time. */
  readonly onTestFinished: TestContext["onTestFinished"];
}

interface AcceptedWith {
  readonly expiresAtHeight?: bigint;
  readonly callerCredential?: Secret<string>;
}

/** One lane over a real ledger and chain, and a signer that does what a test says. */
export interface LaneWorld {
  readonly devnet: Devnet;
  readonly ledger: Ledger;
  readonly signer: ScriptedSigner;
  /** Why the lane had to try again, in words. */
  readonly retries: string[];
  /** The lane's pauses before it tried again, in milliseconds. */
  readonly pauses: number[];
  /** How often an endpoint was asked for the key's nonce. */
  noncesAsked(): number;
  /** States as they were entered, in order: "sub_1 SIGNED". */
  readonly moves: string[];
  /** Accepts one delegate of that wallet. */
  accept(wallet: number, more?: AcceptedWith): Promise<string>;
  /** Resolves once this holds; it is looked at after every event. */
  until(holds: () => boolean): Promise<void>;
  /** Starts the lane. */
  start(): void;
}

/** Starts all but the lane; it ends with the test. */
export async function startLaneWorld(options: LaneWorldOptions): Promise<LaneWorld> {
  const folder = await mkdtemp(join(tmpdir(), "lane-"));
  const { privateKey, publicKey: key } = generateKeyPairSync("ed25519");
  const data = key.export({ format: "der", type: "spki" }).subarray(12);
  const publicKey = formatPublicKey({ type: "ed25519", data });
  const signer = await startScriptedSigner({
    keyId: "relayer-1",
    network: NETWORK,
    accountId: RELAYER,
    publicKey,
    privateKey,
  });
  const wallets = Array.from({ length: options.wallets }, (_, i) => new TestWallet(`wallet-${i}.test`));
  const devnet = await startDevnet({
    blockTimeMs: "blockTimeMs" in options ? options.blockTimeMs : 0,
    accounts: [
      { id: RELAYER, balance: (1_000n * NEAR).toString(), keys: [publicKey] },
      { id: "guest-book.test", balance: (1_000n * NEAR).toString(), contract: "guest-book" },
      ...wallets.map((wallet) => ({
        id: wallet.accountId,
        balance: NEAR.toString(),
        keys: [wallet.publicKey],
      })),
    ],
  });
  const ledger = await openLedger(new Secret(`sqlite:${join(folder, "relay.db")}`));

  const waiting = new Set<() => void>();
  const look = () => {
    for (const one of [...waiting]) one();
  };
  signer.onCall = look;
  const retries: string[] = [];
  const pauses: number[] = [];
  const moves: string[] = [];
  const ignore = () => undefined;
  const events = {
    laneAcquired: ignore,
    laneLost: ignore,
    laneRetrying({ error, pauseMs }: { error: unknown; pauseMs?: number | undefined }) {
      if (pauseMs !== undefined) pauses.push(pauseMs);
      retries.push(error instanceof Error ? error.message : "");
      look();
    },
    laneTrouble: ignore,
    submissionTransition({ submissionId, to }: { submissionId: string; to: string }) {
      moves.push(`${submissionId} ${to}`);
      look();
    },
  };
  const now = () => new Date();
  const random = options.random ?? Math.random;
  const rpc = new NearRpc({
    post: postByUndici,
    endpoints: devnet.rpcUrls.map((url) => ({ url, headers: {} })),
    timeoutMs: 5_000,
    retries: 3,
    hedgeReads: true,
    now: () => performance.now(),
    random,
  });
  const views = new NearViews(rpc);
  let noncesAsked = 0;
  const accessKey = views.accessKey.bind(views);
  views.accessKey = (...of) => {
    noncesAsked += 1;
    return accessKey(...of);
  };
  const client = new SignerClient(
    signerTransport({
      address: { kind: "unix", path: signer.socketPath },
      timeoutMs: 5_000,
      now,
      onBadFiles: ignore,
    }),
    ignore,
    new GrantSigner({ ...GRANTS, now, randomBytes }),
  );
  const pool = new LanePool({
    network: NETWORK,
    relayers: [{ accountId: RELAYER, keyIds: ["relayer-1"] }],
    owner: "test",
    leaseMs: 60_000,
    ledger,
    now,
    events,
    listKeys: (signal) => client.listKeys(signal),
    onKeysFailed: ignore,
    onKeyChanged: ignore,
    onLaneState: ignore,
    onQueueUnseen: ignore,
    heldTenants: () => [],
    holdsOf: () => ({ lane: false, tenants: [] }),
    worker: {
      // It begins with half of them.
      window: 32,
      ledger,
      signer: client,
      head: new Head(NETWORK, rpc, views, Date.now),
      chain: {
        views,
        transactions: new NearTransactions(rpc),
        endpointCount: rpc.endpointCount,
        isDown: (endpoint) => rpc.endpoints.at(endpoint).isDown,
        validityBlocks: 86_400n,
      },
      now,
      random,
      events,
      readWork: (stored) => readWork(stored, undefined),
    },
  });
  const stop = new AbortController();
  let running = Promise.resolve();
  options.onTestFinished(async () => {
    stop.abort();
    await running;
    await signer.stop();
    await ledger.close();
    await devnet.stop();
    await rm(folder, { recursive: true, force: true });
  });

  let accepted = 0;
  return {
    devnet,
    ledger,
    signer,
    retries,
    pauses,
    noncesAsked: () => noncesAsked,
    moves,
    async accept(wallet, more = {}) {
      const id = `sub_${accepted++}`;
      const payload = await wallets[wallet]?.delegate();
      if (payload === undefined) throw new Error("no such wallet");
      await ledger.accept(acceptInput(id, payload, more, now()));
      pool.wake();
      return id;
    },
    until: (holds) =>
      new Promise((resolve) => {
        const one = () => {
          if (!holds()) return;
          waiting.delete(one);
          resolve();
        };
        waiting.add(one);
        one();
      }),
    start() {
      running = pool.run(stop.signal);
    },
  };
}

function acceptInput(
  id: string,
  payload: Uint8Array,
  { expiresAtHeight, callerCredential }: AcceptedWith,
  at: Date,
): Parameters<Ledger["accept"]>[0] {
  return {
    tenant: "acme",
    caller: "tenant",
    method: "SubmitDelegate",
    idempotencyKey: id,
    bodyHash: new Uint8Array(32),
    submission: {
      id,
      kind: "DELEGATE",
      network: NETWORK,
      accountId: "wallet.test",
      receiverId: "guest-book.test",
      delegateHash: null,
      payload,
      requiredRelayer: null,
      expiresAtHeight: expiresAtHeight ?? null,
    },
    replayMark: null,
    callerCredential: callerCredential ?? null,
    maxOpen: 1_000,
    budget: {
      user: "key:test",
      amounts: { accounts: 0n, gas: 0n, deposit: 0n },
      limits: { "tenant-day": {}, "tenant-month": {}, "user-day": {}, "user-month": {} },
    },
    audit: { tenant: "acme", kind: "submission.accepted", actor: "key:test", at, detail: {} },
    at,
  };
}
