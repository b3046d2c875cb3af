import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import {
  type Submission,
  SubmissionState,
  WaitUntil,
} from "@countersign/gen/countersign/relay/v1/submission_pb.ts";
import { createApp } from "@countersign/server/app.ts";
import { openLedger } from "@countersign/server/ledger/open-ledger.ts";
import { createLogger, errorFromConnect, reasonName, Secret } from "@countersign/service-kit";
import { describe, expect, it, onTestFinished } from "vitest";
import { RelayProcess } from "../crash/support/relay-process.ts";
import { makeBlocks } from "../support/block-maker.ts";
import {
  type LedgerEngine,
  ledgerEngines,
  type RelayWorld,
  startRelayWorld,
} from "../support/relay-world.ts";
import { type RelayClient, submitSurely } from "../support/submitting.ts";
import { keyHeaders, testKey } from "../support/tenants.ts";
import { NETWORK, relayClient } from "../support/test-relay.ts";
import { OPEN_POLICY } from "../support/test-tenant.ts";
import { addMessage } from "../support/test-wallet.ts";

const CALLS = 500;
const BUDGET = 100;
const TIMEOUT_MS = 240_000;
const TENANT = "budgeted";
const KEY = testKey(50);
/** yoctoNEAR that each submission gives. */
const DEPOSIT = 1_000n;

// A month: a run across midnight has the same one. The days are tested with a clock, in tests/ledger.
const LIMITS = { tenantMonth: { deposit: (DEPOSIT * BigInt(BUDGET)).toString() } };

/** What came of one call: the submission's id, or why there is none. */
type Answer = { readonly id: string } | { readonly refused: string };

async function submit(client: RelayClient, signedDelegate: Uint8Array): Promise<Answer> {
  try {
    return { id: (await submitSurely(() => client, signedDelegate)).id };
  } catch (error) {
    const { reason } = errorFromConnect(error);
    return { refused: reason === undefined ? String(error) : reasonName(reason) };
  }
}

const acceptedOf = (answers: readonly Answer[]) =>
  answers.flatMap((answer) => ("id" in answer ? [answer.id] : []));
const refusalsOf = (answers: readonly Answer[]) =>
  new Set(answers.flatMap((answer) => ("refused" in answer ? [answer.refused] : [])));

interface Relays {
  readonly world: RelayWorld;
  readonly clients: readonly RelayClient[];
  /** Stops them all, so that an embedded ledger can be read. */
  stop(): Promise<void>;
}

interface Running {
  readonly address: string;
  stop(): Promise<unknown>;
}

function inProcess({ config }: RelayWorld): Promise<Running> {
  return createApp(config, { log: createLogger("relay", "silent") });
}

async function inItsOwn({ flags }: RelayWorld): Promise<Running> {
  const relay = await RelayProcess.start({ flags });
  return { address: relay.address, stop: () => relay.kill() };
}

/** Relays over one ledger, each in a process of its own if there are several, and a chain that holds its blocks back. */
async function startRelays(engine: LedgerEngine, count: number, wallets: number): Promise<Relays> {
  const world = await startRelayWorld({
    engine,
    wallets,
    devnet: { blockTimeMs: undefined },
    tenants: [{ tenant: TENANT, policy: OPEN_POLICY, limits: LIMITS, keys: [{ minted: KEY }] }],
    settings: { "lanes.window": "128" },
  });
  const running: Running[] = [];
  const stop = async () => {
    await Promise.all(running.splice(0).map((relay) => relay.stop()));
  };
  onTestFinished(async () => {
    await stop();
    await world.stop();
  });
  for (const wallet of world.wallets) wallet.maxBlockHeight = 109_000n;
  for (let i = 0; i < count; i++) running.push(await (count === 1 ? inProcess(world) : inItsOwn(world)));
  return { world, clients: running.map(({ address }) => relayClient(address, keyHeaders(KEY))), stop };
}

/** Calls at once, each at another relay than the one before. */
async function submitAll({ world, clients }: Relays, from: number, to: number): Promise<Answer[]> {
  const delegates = await Promise.all(
    world.wallets.slice(from, to).map((wallet) => wallet.delegate({ actions: [addMessage("hi", DEPOSIT)] })),
  );
  return Promise.all(
    delegates.map((bytes, i) => submit(clients[i % clients.length] ?? expect.fail("no relay"), bytes)),
  );
}

async function allSubmissions(client: RelayClient): Promise<Submission[]> {
  const found: Submission[] = [];
  let pageToken = "";
  do {
    const page = await client.listSubmissions({ pageSize: 200, pageToken });
    found.push(...page.submissions);
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
  return found;
}

/** All submissions, each followed to its end. */
async function ended(client: RelayClient): Promise<Submission[]> {
  const all = await allSubmissions(client);
  return Promise.all(all.map(({ id }) => endOf(client, id)));
}

async function endOf(client: RelayClient, submissionId: string): Promise<Submission> {
  let last: Submission | undefined;
  for await (const { submission } of client.watchSubmission({ submissionId }, { timeoutMs: 60_000 })) {
    last = submission;
  }
  return last ?? expect.fail("no submission");
}

describe.each(ledgerEngines)(`${CALLS} submissions at once against a budget for ${BUDGET} (%s)`, (engine) => {
  it(
    `exactly ${BUDGET} are accepted; when half of them fail on the chain, exactly what came back is available`,
    async () => {
      const relays = await startRelays(engine, engine === "postgres" ? 2 : 1, CALLS + BUDGET);
      const { world, stop } = relays;
      const [client = expect.fail("no relay")] = relays.clients;
      const { chain } = world.devnet;

      const answers = await submitAll(relays, 0, CALLS);
      expect(acceptedOf(answers)).toHaveLength(BUDGET);
      expect([...refusalsOf(answers)]).toEqual(["BUDGET_EXHAUSTED"]);
      expect(chain.log).toEqual([]);

      // Half of their delegates can only fail now, with all that they would have moved returned to the relayer.
      const accepted = await allSubmissions(client);
      const doomed = new Set(accepted.slice(0, BUDGET / 2).map(({ accountId }) => accountId));
      for (const { accountId, publicKey } of world.wallets) {
        if (doomed.has(accountId)) chain.bumpNonce(accountId, publicKey, 1_000n);
      }
      onTestFinished(makeBlocks(world.devnet));
      const first = await ended(client);
      const failed = first.filter(({ state }) => state === SubmissionState.FAILED);
      expect(new Set(failed.map(({ accountId }) => accountId))).toEqual(doomed);
      expect(first.filter(({ state }) => state === SubmissionState.SUCCEEDED)).toHaveLength(BUDGET / 2);

      const again = await submitAll(relays, CALLS, CALLS + BUDGET);
      expect(acceptedOf(again)).toHaveLength(BUDGET / 2);
      expect([...refusalsOf(again)]).toEqual(["BUDGET_EXHAUSTED"]);

      const all = await ended(client);
      const sum = (of: (cost: NonNullable<Submission["cost"]>) => bigint) =>
        all.reduce((total, { cost }) => total + (cost === undefined ? 0n : of(cost)), 0n);
      const used = {
        accounts: 0n,
        gas: sum(({ gasBurnt }) => gasBurnt),
        deposit: sum(({ deposit }) => BigInt(deposit)),
      };
      expect(used.deposit).toBe(DEPOSIT * BigInt(BUDGET));
      await stop();
      const ledger = await openLedger(new Secret(world.config.ledger.url.reveal()));
      onTestFinished(() => ledger.close());
      const uses = await ledger.budgetUse(TENANT, new Date());
      const month = uses.find(({ period }) => period.startsWith("month:"));
      expect(month?.used).toEqual(used);
    },
    TIMEOUT_MS,
  );
});

describe.each(ledgerEngines)("account creations against a budget for 3 (%s)", (engine) => {
  it("each end user has its own; one that fails on the chain is available again", async () => {
    const KEYS = testKey(51);
    const world = await startRelayWorld({
      engine,
      devnet: { blockTimeMs: undefined },
      tenants: [
        {
          tenant: TENANT,
          policy: OPEN_POLICY,
          limits: { userMonth: { accounts: 3n } },
          keys: [{ minted: KEYS }],
        },
      ],
    });
    const app = await createApp(world.config, { log: createLogger("relay", "silent") });
    onTestFinished(async () => {
      await app.stop();
      await world.stop();
    });
    const client = relayClient(app.address, keyHeaders(KEYS));
    const [wallet] = world.wallets;
    const publicKey = wallet?.publicKey ?? "";
    const create = (name: string, user: string, waitUntil: WaitUntil = WaitUntil.ACCEPTED) =>
      client
        .createAccount(
          { network: NETWORK, accountId: `${name}.relay.test`, publicKey, waitUntil },
          { headers: { "x-end-user": user } },
        )
        .then(
          ({ submission }) => submission?.state,
          (error) => errorFromConnect(error).reason,
        );
    const { BUDGET_EXHAUSTED } = ErrorReason;

    for (const name of ["one", "two", "three"]) {
      expect(await create(name, "alice")).toBe(SubmissionState.ACCEPTED);
    }
    expect(await create("four", "alice")).toBe(BUDGET_EXHAUSTED);
    // Each end user has a budget of its own.
    expect(await create("five", "bob")).toBe(SubmissionState.ACCEPTED);

    world.devnet.chain.addAccount({ id: "two.relay.test", balance: "1", keys: [publicKey] });
    onTestFinished(makeBlocks(world.devnet));
    expect(await create("one", "alice", WaitUntil.FINAL)).toBe(SubmissionState.SUCCEEDED);
    expect(await create("three", "alice", WaitUntil.FINAL)).toBe(SubmissionState.SUCCEEDED);
    expect(await create("two", "alice", WaitUntil.FINAL)).toBe(SubmissionState.FAILED);

    expect(await create("six", "alice")).toBe(SubmissionState.ACCEPTED);
    expect(await create("seven", "alice")).toBe(BUDGET_EXHAUSTED);
  });
});
