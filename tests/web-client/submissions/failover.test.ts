import { Code } from "@connectrpc/connect";
import type { Submission } from "@countersign/gen/countersign/relay/v1/submission_pb.ts";
import {
  createRelayClient,
  errorOf,
  nearRpc,
  type RelayClient,
  SubmissionState,
  WaitUntil,
} from "@countersign/web";
import { expect, it } from "vitest";
import { NETWORK, RELAYER } from "../../support/test-relay.ts";
import { TestWallet } from "../../support/test-wallet.ts";
import { SECOND_RELAYER } from "./second-relay.ts";
import { startTwoRelays, type TwoRelays } from "./two-relays.ts";

const failed = () => expect.fail("it should have failed");

/** A submission that the first relay has brought to its end, whose answers do not reach the client any more. */
async function landedUnseen({ proxies: [proxy], first, wallet }: TwoRelays): Promise<Uint8Array> {
  const signedDelegate = await wallet.delegate();
  const { submission } = await first.client.submitDelegate({
    network: NETWORK,
    signedDelegate,
    waitUntil: WaitUntil.FINAL,
  });
  expect(submission?.state).toBe(SubmissionState.SUCCEEDED);
  await proxy.down();
  return signedDelegate;
}

it("an answer that is lost is asked for again: one landing, and the second relay hears nothing", async () => {
  const world = await startTwoRelays();
  const { client, wallet, proxies } = world;
  proxies[0].fault(({ method, nth }) =>
    method === "SubmitDelegate" && nth === 1 ? { type: "drop", when: "after" } : undefined,
  );
  const { submission } = await client.submitDelegate({
    network: NETWORK,
    signedDelegate: await wallet.delegate(),
    waitUntil: WaitUntil.FINAL,
  });
  expect(submission?.state).toBe(SubmissionState.SUCCEEDED);
  expect(world.payers()).toEqual([RELAYER]);
  expect(proxies[0].seen("SubmitDelegate")).toHaveLength(2);
  expect(proxies[1].seen()).toHaveLength(0);
});

it("a relay that loses all its answers but the last is asked once more than it is tried, and keeps the submission", async () => {
  const world = await startTwoRelays();
  const { client, wallet, proxies } = world;
  proxies[0].fault(({ method, nth }) =>
    method === "SubmitDelegate" && nth <= 4 ? { type: "drop", when: "after" } : undefined,
  );
  const { submission } = await client.submitDelegate({
    network: NETWORK,
    signedDelegate: await wallet.delegate(),
    waitUntil: WaitUntil.FINAL,
  });
  expect(submission?.state).toBe(SubmissionState.SUCCEEDED);
  expect(await world.taken()).toEqual([1, 0]);
  // Four attempts, the question, and the wait for the last state.
  expect(proxies[0].seen("SubmitDelegate")).toHaveLength(6);
  expect(proxies[1].seen()).toHaveLength(0);
});

it("a delegate goes to the second relay when the first is dead, with the same bytes and key, and is watched there", async () => {
  const world = await startTwoRelays();
  const { client, wallet, proxies } = world;
  proxies[0].fault({ type: "drop", when: "before" });
  const { submission } = await client.submitDelegate({
    network: NETWORK,
    signedDelegate: await wallet.delegate(),
  });
  expect((await endOf(client, submission)).state).toBe(SubmissionState.SUCCEEDED);
  const found = await client.getSubmission({ submissionId: submission?.id ?? "" });
  expect(found.submission?.state).toBe(SubmissionState.SUCCEEDED);
  expect(world.payers()).toEqual([SECOND_RELAYER]);
  expect(await world.taken()).toEqual([0, 1]);
  expect(proxies[0].seen("SubmitDelegate")).toHaveLength(5);
  expect(proxies[0].seen("WatchSubmission")).toHaveLength(0);
  const keys = world.sent().map(({ idempotencyKey }) => idempotencyKey);
  const bytes = world.sent().map(({ signedDelegate }) => Buffer.from(signedDelegate).toString("hex"));
  expect([keys.length, new Set(keys).size, new Set(bytes).size]).toEqual([6, 1, 1]);
});

it("a relay that hangs is left at the call's deadline, which the next one has anew", async () => {
  const world = await startTwoRelays();
  world.proxies[0].fault({ type: "hang" });
  const request = { network: NETWORK, signedDelegate: await world.wallet.delegate() };
  const { submission } = await world.client.submitDelegate(request, { timeoutMs: 2_000 });
  expect((await endOf(world.client, submission)).state).toBe(SubmissionState.SUCCEEDED);
  expect(world.payers()).toEqual([SECOND_RELAYER]);
  // One attempt, and the question.
  expect(world.proxies[0].seen("SubmitDelegate")).toHaveLength(2);
});

it("a delegate that landed at a relay that died is not sent again: the chain says so", async () => {
  const world = await startTwoRelays();
  const signedDelegate = await landedUnseen(world);
  const again = world.client.submitDelegate({ network: NETWORK, signedDelegate }).then(failed, errorOf);
  expect(await again).toMatchObject({
    reason: "DELEGATE_REPLAYED",
    code: Code.AlreadyExists,
    cause: { code: Code.Unavailable },
  });
  expect(world.payers()).toEqual([RELAYER]);
  expect(world.proxies[1].seen()).toHaveLength(0);
});

it("a delegate is not sent to another relay once the access key's nonce is beyond it", async () => {
  const world = await startTwoRelays();
  const early = await world.wallet.delegate();
  await landedUnseen(world);
  const again = world.client
    .submitDelegate({ network: NETWORK, signedDelegate: early })
    .then(failed, errorOf);
  expect(await again).toMatchObject({ reason: "DELEGATE_NONCE_TOO_LOW", code: Code.FailedPrecondition });
  expect(world.proxies[1].seen()).toHaveLength(0);
});

it("a delegate whose key is gone is not sent to another relay", async () => {
  const world = await startTwoRelays();
  await world.proxies[0].down();
  const signedDelegate = await new TestWallet("nobody.test").delegate();
  const sent = world.client.submitDelegate({ network: NETWORK, signedDelegate }).then(failed, errorOf);
  expect(await sent).toMatchObject({ reason: "ACCESS_KEY_NOT_FOUND", code: Code.NotFound });
  expect(world.proxies[1].seen()).toHaveLength(0);
});

it.each(["bad_gateway", "hang_before"] as const)(
  "nothing is sent to another relay while the chain answers by %s",
  async (kind) => {
    const world = await startTwoRelays();
    await world.proxies[0].down();
    for (const { faults } of world.first.devnet.endpoints) faults.add({ kind });
    const signedDelegate = await world.wallet.delegate();
    const sent = world.client.submitDelegate({ network: NETWORK, signedDelegate }).then(failed, errorOf);
    expect(await sent).toMatchObject({ reason: "UNSPECIFIED", code: Code.Unavailable });
    expect(world.proxies[1].seen()).toHaveLength(0);
  },
);

it("when no relay can be reached, the last one's error is told, and the chain is read without any", async () => {
  const world = await startTwoRelays();
  const [first, second] = world.proxies;
  await Promise.all([first.down(), second.down()]);
  const signedDelegate = await world.wallet.delegate();
  const sent = world.client.submitDelegate({ network: NETWORK, signedDelegate }).then(failed, errorOf);
  expect(await sent).toMatchObject({ reason: "UNSPECIFIED", code: Code.Unavailable });
  const view = nearRpc(world.first.devnet.rpcUrls[0] ?? "");
  const { nonce } = await view(world.wallet.accountId, world.wallet.publicKey, undefined);
  expect([nonce, world.payers()]).toEqual([0n, []]);
});

it("peers are refused that there is no chain to ask for", () => {
  const options = { baseUrl: "https://relay.example", peers: ["https://other.example"] };
  // As a page in JavaScript may call it.
  expect(() => createRelayClient(options as never)).toThrow(/near/);
});

it("a refusal is one, whatever the second relay would say", async () => {
  const world = await startTwoRelays();
  const signedDelegate = await world.wallet.delegate({ maxBlockHeight: 1n });
  const sent = world.client.submitDelegate({ network: NETWORK, signedDelegate }).then(failed, errorOf);
  expect(await sent).toMatchObject({ reason: "DELEGATE_EXPIRED" });
  expect(world.proxies[1].seen()).toHaveLength(0);
});

it("a refusal of the relay that is asked again is one, too", async () => {
  const world = await startTwoRelays();
  world.proxies[0].fault(({ nth }) => (nth <= 4 ? { type: "drop", when: "before" } : undefined));
  const signedDelegate = await world.wallet.delegate({ maxBlockHeight: 1n });
  const sent = world.client.submitDelegate({ network: NETWORK, signedDelegate }).then(failed, errorOf);
  expect(await sent).toMatchObject({ reason: "DELEGATE_EXPIRED" });
  expect(world.proxies[1].seen()).toHaveLength(0);
});

it("a delegate that two relays took on lands once, and the one that comes late pays for gas alone", async () => {
  const world = await startTwoRelays();
  const { client, wallet, proxies, first } = world;
  const reachChain = first.devnet.endpoints[0]?.faults.add({ kind: "drop_before", methods: ["send_tx"] });
  proxies[0].fault(({ method }) =>
    method === "SubmitDelegate" ? { type: "drop", when: "after" } : undefined,
  );
  const { submission } = await client.submitDelegate({
    network: NETWORK,
    signedDelegate: await wallet.delegate(),
  });
  expect((await endOf(client, submission)).state).toBe(SubmissionState.SUCCEEDED);
  expect(await world.taken()).toEqual([1, 1]);

  reachChain?.();
  const [takenFirst] = (await first.client.listSubmissions({})).submissions;
  const late = await endOf(first.client, takenFirst);
  expect(late.state).toBe(SubmissionState.FAILED);
  expect(JSON.parse(late.failure?.chainError ?? "")).toMatchObject({
    ActionError: { kind: { DelegateActionInvalidNonce: {} } },
  });
  expect([late.cost?.deposit, BigInt(late.cost?.gasBurnt ?? 0) > 0n]).toEqual(["0", true]);
  expect(world.payers()).toEqual([SECOND_RELAYER, RELAYER]);
});

async function endOf(client: RelayClient, submission: Submission | undefined): Promise<Submission> {
  let last = submission;
  for await (const next of client.watchSubmission({ submissionId: submission?.id ?? "" })) {
    last = next.submission;
  }
  return last ?? expect.fail("there is no submission");
}

it("a call that is aborted ends at once, and goes nowhere else", async () => {
  const world = await startTwoRelays();
  const { client, wallet, proxies } = world;
  proxies[0].fault({ type: "hang" });
  const controller = new AbortController();
  const sent = client
    .submitDelegate(
      { network: NETWORK, signedDelegate: await wallet.delegate() },
      { signal: controller.signal },
    )
    .then(failed, errorOf);
  await proxies[0].waitFor("SubmitDelegate");
  controller.abort();
  expect(await sent).toMatchObject({ code: Code.Canceled });
  expect(proxies[1].seen()).toHaveLength(0);
});

it("a call that is aborted while the chain is asked ends at once, and goes nowhere else", async () => {
  const asked = Promise.withResolvers<void>();
  const near = () => {
    asked.resolve();
    return new Promise<never>(() => undefined);
  };
  const world = await startTwoRelays({ near });
  await world.proxies[0].down();
  const controller = new AbortController();
  const request = { network: NETWORK, signedDelegate: await world.wallet.delegate() };
  const sent = world.client.submitDelegate(request, { signal: controller.signal }).then(failed, errorOf);
  await asked.promise;
  controller.abort("enough");
  expect(await sent).toMatchObject({ code: Code.Canceled, cause: "enough" });
  expect(world.proxies[1].seen()).toHaveLength(0);
});

it("an account is created by the second relay when the first is dead", async () => {
  const world = await startTwoRelays();
  await world.proxies[0].down();
  const { accountId, publicKey } = new TestWallet("alice.registrar.test");
  const request = { network: NETWORK, accountId, publicKey, waitUntil: WaitUntil.FINAL };
  const { submission } = await world.client.createAccount(request);
  expect(submission?.state).toBe(SubmissionState.SUCCEEDED);
  expect(world.payers()).toEqual([SECOND_RELAYER]);
});

it("an account that a relay created before it died is not created again: the chain says so", async () => {
  const world = await startTwoRelays();
  const { accountId, publicKey } = new TestWallet("alice.registrar.test");
  const request = { network: NETWORK, accountId, publicKey, waitUntil: WaitUntil.FINAL };
  await world.first.client.createAccount(request);
  await world.proxies[0].down();
  const again = world.client.createAccount(request).then(failed, errorOf);
  expect(await again).toMatchObject({ reason: "ACCOUNT_EXISTS", code: Code.AlreadyExists });
  expect(world.payers()).toEqual([RELAYER]);
  expect(world.proxies[1].seen()).toHaveLength(0);
});
