import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { RelayService } from "@countersign/gen/countersign/relay/v1/relay_service_pb.ts";
import { WaitUntil } from "@countersign/gen/countersign/relay/v1/submission_pb.ts";
import { expect, onTestFinished } from "vitest";
import { NETWORK, type TestRelay } from "../../support/test-relay.ts";
import { TestWallet } from "../../support/test-wallet.ts";
import type { ContractCase } from "../support/contract-case.ts";
import { freshWallet } from "../support/fresh-wallet.ts";
import { readAll } from "../support/read-all.ts";
import { type Call, expectRefusal } from "../support/refusal.ts";
import { spent } from "../support/spent.ts";

const { method } = RelayService;

/** A good call of every method that needs more than the relay itself. */
const CALLS = {
  submitDelegate: async (relay: TestRelay): Promise<Call> => {
    const request = { network: NETWORK, signedDelegate: await freshWallet(relay).delegate() };
    return (options) => relay.client.submitDelegate(request, options);
  },
  submitDelegates: async (relay: TestRelay): Promise<Call> => {
    const signed = [await freshWallet(relay).delegate(), await freshWallet(relay).delegate()];
    const request = { network: NETWORK, delegates: signed.map((signedDelegate) => ({ signedDelegate })) };
    return (options) => relay.client.submitDelegates(request, options);
  },
  createAccount: async ({ client }: TestRelay): Promise<Call> => {
    const { publicKey } = new TestWallet("key.test");
    const request = { network: NETWORK, accountId: "outage.relay.test", publicKey };
    return (options) => client.createAccount(request, options);
  },
  getSubmission: async (relay: TestRelay): Promise<Call> => {
    const submissionId = await submitted(relay);
    return (options) => relay.client.getSubmission({ submissionId }, options);
  },
  listSubmissions: async ({ client }: TestRelay): Promise<Call> => {
    return (options) => client.listSubmissions({}, options);
  },
  watchSubmission: async (relay: TestRelay): Promise<Call> => {
    const submissionId = await submitted(relay);
    return (options) => readAll(relay.client.watchSubmission({ submissionId }, options));
  },
  checkDelegate: async (relay: TestRelay): Promise<Call> => {
    const request = { network: NETWORK, signedDelegate: await freshWallet(relay).delegate() };
    return (options) => relay.client.checkDelegate(request, options);
  },
  getTransaction: async ({ client }: TestRelay): Promise<Call> => {
    return (options) => client.getTransaction({ network: NETWORK, hash: "1".repeat(32) }, options);
  },
};
type MethodName = keyof typeof CALLS;

async function submitted(relay: TestRelay): Promise<string> {
  const { submission } = await relay.client.submitDelegate({
    network: NETWORK,
    signedDelegate: await freshWallet(relay).delegate(),
    waitUntil: WaitUntil.FINAL,
  });
  return submission?.id ?? "";
}

const chainAway = (name: MethodName): ContractCase => ({
  method: method[name],
  outcome: ErrorReason.CHAIN_UNAVAILABLE,
  what: "every NEAR endpoint fails",
  run: async (worlds) => {
    const relay = await worlds.standard();
    const call = await CALLS[name](relay);
    const before = await spent(relay);
    const back = relay.devnet.endpoints.map(({ faults }) => faults.add({ kind: "bad_gateway" }));
    onTestFinished(() => {
      for (const end of back) end();
    });
    await expectRefusal(call, ErrorReason.CHAIN_UNAVAILABLE);
    expect(await spent(relay)).toEqual(before);
  },
});

const ledgerAway = (name: MethodName): ContractCase => ({
  method: method[name],
  outcome: ErrorReason.LEDGER_UNAVAILABLE,
  what: "PostgreSQL is gone",
  needsPostgres: true,
  run: async (worlds) => {
    const { relay, gate } = await worlds.postgres();
    const call = await CALLS[name](relay);
    const before = await spent(relay);
    await gate.close();
    onTestFinished(() => gate.open());
    await expectRefusal(call, ErrorReason.LEDGER_UNAVAILABLE);
    await gate.open();
    await expect.poll(() => spent(relay).catch(() => "away")).toEqual(before);
  },
});

const queueFull = (name: "submitDelegate" | "createAccount"): ContractCase => ({
  method: method[name],
  outcome: ErrorReason.QUEUE_FULL,
  what: "as much is open as the relay takes on",
  run: async (worlds) => {
    const relay = await worlds.full();
    await openSubmission(relay);
    const call = await CALLS[name](relay);
    const before = await spent(relay);
    await expectRefusal(call, ErrorReason.QUEUE_FULL);
    expect(await spent(relay)).toEqual(before);
  },
});

/** The one open submission that the relay has room for. */
async function openSubmission(relay: TestRelay): Promise<string> {
  const { submissions } = await relay.client.listSubmissions({});
  if (submissions[0] !== undefined) return submissions[0].id;
  const request = { network: NETWORK, signedDelegate: await freshWallet(relay).delegate() };
  return (await relay.client.submitDelegate(request)).submission?.id ?? "";
}

export const outageCases: readonly ContractCase[] = [
  ...(["submitDelegate", "submitDelegates", "createAccount", "checkDelegate", "getTransaction"] as const).map(
    chainAway,
  ),
  ...(Object.keys(CALLS) as MethodName[]).map(ledgerAway),
  queueFull("submitDelegate"),
  queueFull("createAccount"),
  {
    method: method.watchSubmission,
    outcome: ErrorReason.SHUTTING_DOWN,
    what: "the relay stops while a caller watches",
    run: async (worlds) => {
      const relay = await worlds.full();
      const submissionId = await openSubmission(relay);
      let restarted: Promise<void> | undefined;
      await expectRefusal(async (options) => {
        for await (const _ of relay.client.watchSubmission({ submissionId }, options)) {
          restarted ??= relay.restart();
        }
      }, ErrorReason.SHUTTING_DOWN);
      await restarted;
    },
  },
  {
    method: method.getSubmission,
    outcome: ErrorReason.INTERNAL,
    what: "a table of the ledger is missing",
    needsPostgres: true,
    run: async (worlds) => {
      const { relay, query } = await worlds.postgres();
      const call = await CALLS.getSubmission(relay);
      await query("alter table submissions rename to hidden");
      onTestFinished(async () => void (await query("alter table hidden rename to submissions")));
      await expectRefusal(call, ErrorReason.INTERNAL);
    },
  },
];
