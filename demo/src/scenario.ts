import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { type LookBack, lookBack } from "./look-back.ts";
import { type Operator, operate } from "./operator.ts";
import { type Protocol, type RelayClient, relayClients } from "./protocols.ts";
import type { Stack } from "./stack.ts";
import { type Step, type StepResult, take } from "./step.ts";
import { letIn, TENANT } from "./tenant.ts";
import { balanceOf, Wallet } from "./wallet.ts";

const TRANSFER = 50_000_000_000_000_000_000_000n;

/** What each account had before and after, what operators see of it, and what is not as it should be. */
export interface Findings extends LookBack {
  readonly apiKey: string;
  readonly results: StepResult[];
  readonly paid: Record<string, { before: string; after: string; difference: string }>;
  readonly problems: string[];
}

/**
 * A wallet's day: an operator lets its application in; accounts, calls and a transfer over every protocol, a
 * repetition, bad input; what the policy, the budget and a pause refuse; and the operator looks at what it came to.
 */
export async function scenario(stack: Stack, operator: Operator): Promise<Findings> {
  const { network, rpcUrl, relayer } = stack;
  const results: StepResult[] = [];
  const note = (result: StepResult) => void results.push(result);
  const { apiKey } = await letIn(operator, note);
  const clients = relayClients(stack.relayUrl, apiKey);
  const anonymous = relayClients(stack.relayUrl);
  const go = async (
    step: string,
    protocol: Protocol,
    expected: string,
    call: Step["call"],
    by: Record<Protocol, RelayClient> = clients,
  ) => {
    const result = await take({ step, protocol, expected, call }, by[protocol]);
    note(result);
    return result;
  };
  const wallet = new Wallet(`alice-${randomBytes(3).toString("hex")}.${relayer}`, rpcUrl);
  const friend = new Wallet(`bob-${randomBytes(3).toString("hex")}.${relayer}`, rpcUrl);
  const relayerBefore = await balanceOf(relayer, rpcUrl);

  const create = ({ accountId, publicKey }: Wallet) => ({ network, accountId, publicKey });
  await go(
    "create without a key",
    "Connect JSON",
    "CREDENTIALS_MISSING",
    (client) => client.createAccount(create(wallet)),
    anonymous,
  );
  for (const account of [wallet, friend]) {
    await go(`create ${account.accountId.split("-")[0]}`, "Connect JSON", "SUCCEEDED", (client) =>
      client.createAccount(create(account)),
    );
  }
  const walletBefore = await balanceOf(wallet.accountId, rpcUrl);
  const friendBefore = await balanceOf(friend.accountId, rpcUrl);

  const hello = await wallet.message("hello from a wallet without gas");
  const idempotencyKey = "hello-1";
  const first = await go("call a contract", "gRPC", "SUCCEEDED", (client) =>
    client.submitDelegate({ network, signedDelegate: hello, idempotencyKey }),
  );
  const transfer = await wallet.transfer(friend.accountId, TRANSFER);
  await go("transfer 0.05", "gRPC-Web", "SUCCEEDED", (client) =>
    client.submitDelegate({ network, signedDelegate: transfer }),
  );
  const again = await wallet.message("once more");
  await go("call a contract", "Connect binary", "SUCCEEDED", (client) =>
    client.submitDelegate({ network, signedDelegate: again }),
  );
  const repeated = await go("repeat the first call", "Connect JSON", "SUCCEEDED", (client) =>
    client.submitDelegate({ network, signedDelegate: hello, idempotencyKey }),
  );
  const altered = replace(await wallet.message("never relayed"), "never relayed", "never relaied");
  await go("tampered", "gRPC", "DELEGATE_SIGNATURE_INVALID", (client) =>
    client.submitDelegate({ network, signedDelegate: altered }),
  );
  const late = await wallet.expired("too late");
  await go("expired", "Connect JSON", "DELEGATE_EXPIRED", (client) =>
    client.submitDelegate({ network, signedDelegate: late }),
  );

  const elsewhere = await wallet.transfer("stranger.test", 1n);
  await go("another receiver", "gRPC", "POLICY_RECEIVER_NOT_ALLOWED", (client) =>
    client.submitDelegate({ network, signedDelegate: elsewhere }),
  );
  const third = new Wallet(`carol-${randomBytes(3).toString("hex")}.${relayer}`, rpcUrl);
  await go("third account today", "Connect JSON", "BUDGET_EXHAUSTED", (client) =>
    client.createAccount(create(third)),
  );
  const held = await wallet.message("after the pause");
  const submitHeld: Step["call"] = (client) => client.submitDelegate({ network, signedDelegate: held });
  note(
    await operate(`pause tenant ${TENANT}`, "paused", async () => {
      await operator.command("pause", "tenant", TENANT, "--reason", "an odd call");
      return "paused";
    }),
  );
  await go("call a contract", "gRPC-Web", "PAUSED", submitHeld);
  note(
    await operate(`resume tenant ${TENANT}`, "resumed", async () => {
      await operator.command("resume", "tenant", TENANT, "--reason", "explained");
      return "resumed";
    }),
  );
  await go("the same call", "gRPC-Web", "SUCCEEDED", submitHeld);
  const { usage, audit } = await lookBack(operator, note);

  const spent = costOf(results);
  // The chain gives the rest of the attached gas back a block or two after the transaction is final.
  const relayerAfter = await settled(() => balanceOf(relayer, rpcUrl), relayerBefore - spent);
  const walletAfter = await balanceOf(wallet.accountId, rpcUrl);
  const friendAfter = await balanceOf(friend.accountId, rpcUrl);
  const problems = results.filter(({ ok }) => !ok).map(({ step, got }) => `"${step}" came to ${got}`);
  const expect = (holds: boolean, problem: string) => void (holds || problems.push(problem));
  expect(
    hashOf(first) !== "" && hashOf(first) === hashOf(repeated),
    "the repeated call made another transaction",
  );
  expect(relayerBefore - relayerAfter === spent, "the relayer's balance does not match the reported costs");
  expect(walletAfter === walletBefore, "the wallet paid");
  expect(friendAfter - friendBefore === TRANSFER, "the transfer did not arrive whole");
  const paid = {
    [relayer]: change(relayerBefore, relayerAfter),
    [wallet.accountId]: change(walletBefore, walletAfter),
    [friend.accountId]: change(friendBefore, friendAfter),
  };
  return { apiKey, results, usage, audit, paid, problems };
}

/** What the relayer paid in all, each submission once, in yoctoNEAR. */
function costOf(results: readonly StepResult[]): bigint {
  const costs = new Map(results.map(({ submission }) => [submission?.id, submission?.cost]));
  return [...costs.values()].reduce(
    (sum, cost) => sum + BigInt(cost?.tokensBurnt ?? 0) + BigInt(cost?.deposit ?? 0),
    0n,
  );
}

/** Reads until the value is the expected one, at most for five seconds; gives the last one. */
async function settled(read: () => Promise<bigint>, expected: bigint): Promise<bigint> {
  for (let tries = 0; ; tries++) {
    const value = await read();
    if (value === expected || tries === 20) return value;
    await delay(250);
  }
}

function hashOf({ submission }: StepResult): string {
  return submission?.transaction?.hash ?? "";
}

function change(before: bigint, after: bigint) {
  return { before: `${before}`, after: `${after}`, difference: `${after - before}` };
}

/** The bytes with one text in them replaced by another of the same length. */
function replace(bytes: Uint8Array, text: string, by: string): Uint8Array {
  const copy = Buffer.from(bytes);
  copy.write(by, copy.indexOf(text));
  return copy;
}
