import { WaitUntil } from "@countersign/gen/countersign/relay/v1/submission_pb.ts";
import { NETWORK, RELAYER } from "../../support/test-relay.ts";
import { addMessage, type TestWallet } from "../../support/test-wallet.ts";
import type { Call } from "../history.ts";
import { PATIENCE_MS, type Try } from "./asking.ts";

/** A call that is to be made, and all that is known of it before. */
export interface PlannedCall extends Omit<Call, "tenant" | "end" | "unanswered"> {
  readonly once: Try;
}

/** What a caller knows when it makes up a call. */
export interface Situation {
  readonly random: () => number;
  readonly wallet: TestWallet;
  /** Names the call; no other call has it. */
  readonly name: string;
  /** The chain's head. */
  readonly height: bigint;
  /** The key under which the tenant wants its order kept; empty for the delegate's own order. */
  readonly orderingKey: string;
  readonly tenant: string;
}

/** Blocks that a delegate lives where time is not to run out. */
const LONG = 8_000n;
/** Blocks by which no head that a relay may see lies behind. */
const LONG_AGO = 400n;
/** The relay takes none with fewer than ten. */
const SHORT = 14;

/** The kinds of calls, each with its share of a hundred. */
const KINDS: readonly (readonly [share: number, make: (here: Situation) => Promise<PlannedCall>])[] = [
  [62, plain],
  [8, withDeposit],
  [8, failing],
  [6, shortLived],
  [6, creation],
  [3, tampered],
  [2, expired],
  [2, malformed],
  [3, withoutKey],
];

/** Makes up a call, of one of many kinds. */
export function nextCall(here: Situation): Promise<PlannedCall> {
  let left = here.random() * KINDS.reduce((sum, [share]) => sum + share, 0);
  for (const [share, make] of KINDS) {
    left -= share;
    if (left < 0) return make(here);
  }
  return plain(here);
}

/** A call that is sure to be taken on, in the wallet's order or that of the ordering key. */
export async function plain(here: Situation): Promise<PlannedCall> {
  return delegateCall(here, await signed(here), { meant: "success" });
}

async function withoutKey(here: Situation): Promise<PlannedCall> {
  return delegateCall({ ...here, name: "" }, await signed(here), { meant: "success" });
}

async function withDeposit(here: Situation): Promise<PlannedCall> {
  const deposit = BigInt(Math.floor(here.random() * 1e6));
  return delegateCall(here, await signed(here, { actions: [addMessage(here.name, deposit)] }), {
    meant: "success",
  });
}

/** Its receiver does not exist; the deposit goes to the sender. */
async function failing(here: Situation): Promise<PlannedCall> {
  const actions = [addMessage(here.name, 5n)];
  return delegateCall(here, await signed(here, { receiverId: "nobody.test", actions }), { meant: "failure" });
}

/** Whether it lands in time depends on when it is signed. */
async function shortLived(here: Situation): Promise<PlannedCall> {
  const maxBlockHeight = here.height + BigInt(SHORT + Math.floor(here.random() * SHORT * 2));
  return delegateCall(here, await signed(here, { maxBlockHeight }), {
    meant: "any",
    mayBeRefused: ["DELEGATE_EXPIRED"],
  });
}

async function tampered(here: Situation): Promise<PlannedCall> {
  const bytes = await signed(here, {
    tamper: (delegate) => {
      delegate.maxBlockHeight -= 1n;
    },
  });
  return delegateCall(here, bytes, { meant: "refusal", mayBeRefused: ["DELEGATE_SIGNATURE_INVALID"] });
}

async function expired(here: Situation): Promise<PlannedCall> {
  const bytes = await signed(here, { maxBlockHeight: here.height - LONG_AGO });
  return delegateCall(here, bytes, { meant: "refusal", mayBeRefused: ["DELEGATE_EXPIRED"] });
}

async function malformed(here: Situation): Promise<PlannedCall> {
  const bytes = (await signed(here)).slice(0, -1);
  return delegateCall(here, bytes, { meant: "refusal", mayBeRefused: ["DELEGATE_MALFORMED"] });
}

function signed(here: Situation, overrides: Parameters<TestWallet["delegate"]>[0] = {}): Promise<Uint8Array> {
  return here.wallet.delegate({
    maxBlockHeight: here.height + LONG,
    actions: [addMessage(here.name)],
    ...overrides,
  });
}

function delegateCall(
  { name, wallet, orderingKey, tenant }: Situation,
  signedDelegate: Uint8Array,
  { meant, mayBeRefused = [] }: { meant: Call["meant"]; mayBeRefused?: readonly string[] },
): PlannedCall {
  return {
    method: "SubmitDelegate",
    idempotencyKey: name,
    body: Buffer.from(signedDelegate).toString("base64"),
    order: orderingKey === "" ? wallet.accountId : `${tenant}/${orderingKey}`,
    ...{ meant, mayBeRefused },
    once: async (client) => {
      const { submission } = await client.submitDelegate(
        {
          ...{ network: NETWORK, signedDelegate, orderingKey },
          idempotencyKey: name,
          waitUntil: WaitUntil.ACCEPTED,
        },
        { timeoutMs: PATIENCE_MS },
      );
      return submission;
    },
  };
}

/** An account that nobody else creates. */
async function creation({ name, wallet, orderingKey, tenant }: Situation): Promise<PlannedCall> {
  const request = {
    network: NETWORK,
    accountId: `${name}.${RELAYER}`,
    publicKey: wallet.publicKey,
    idempotencyKey: name,
    orderingKey,
  };
  return {
    method: "CreateAccount",
    idempotencyKey: name,
    body: request.accountId,
    order: orderingKey === "" ? null : `${tenant}/${orderingKey}`,
    meant: "success",
    mayBeRefused: [],
    once: async (client) => {
      const { submission } = await client.createAccount(
        { ...request, waitUntil: WaitUntil.ACCEPTED },
        { timeoutMs: PATIENCE_MS },
      );
      return submission;
    },
  };
}
