import { Purpose } from "@countersign/gen/countersign/signer/v1/relayer_signer_pb.ts";
import { type Action, actions } from "near-api-js";
import type { Attack } from "./attack.ts";
import { APP, COLD, MAX_DEPOSIT, REGISTRAR, RELAYER, TREASURY } from "./relayer-keys.ts";
import { ALICE, delegate, MALLORY, malloryKey, vote } from "./transactions.ts";

const { TRANSFER } = Purpose;

function transfer(name: string, reason: string, receiverId: string, ...all: Action[]): Attack {
  const make: Attack["make"] = (t) => t.bytes("treasury", receiverId, all);
  return { name, reason, keyId: "treasury", purpose: TRANSFER, make };
}

function plain(name: string, receiverId: string, ...all: Action[]): Attack {
  const reason = "SIGNER_PURPOSE_NOT_ALLOWED";
  return { name, reason, purpose: TRANSFER, make: (t) => t.bytes("relayer", receiverId, all) };
}

/** Transactions that move the operator's NEAR, or bind it. */
export const MONEY_ATTACKS: readonly Attack[] = [
  plain("a transfer to the relay's own account", RELAYER, actions.transfer(1n)),
  plain("a transfer to the attacker", MALLORY, actions.transfer(1n)),
  plain("a transfer of nothing", MALLORY, actions.transfer(0n)),
  plain("a call of the app without a delegate", APP, vote()),
  plain("a call of another method of the registrar", REGISTRAR, vote()),
  plain("a stake", RELAYER, actions.stake(1n, malloryKey)),
  plain("the deletion of the account in favour of the attacker", RELAYER, actions.deleteAccount(MALLORY)),
  plain("a contract on the relay's account", RELAYER, actions.deployContract(new Uint8Array(8))),
  plain("a transfer behind a call", APP, vote(), actions.transfer(1n)),
  transfer("a treasury's transfer to itself", "SIGNER_POLICY_DENIED", TREASURY, actions.transfer(1n)),
  transfer("a treasury's transfer to the attacker", "SIGNER_POLICY_DENIED", MALLORY, actions.transfer(1n)),
  transfer(
    "a treasury's transfer to a sub-account of the allowed one",
    "SIGNER_POLICY_DENIED",
    `x.${COLD}`,
    actions.transfer(1n),
  ),
  transfer(
    "a transfer of 1 yocto too much",
    "SIGNER_LIMIT_EXCEEDED",
    COLD,
    actions.transfer(MAX_DEPOSIT + 1n),
  ),
  transfer("a transfer of 2^128 - 1 yocto", "SIGNER_LIMIT_EXCEEDED", COLD, actions.transfer(2n ** 128n - 1n)),
  transfer(
    "two transfers in one",
    "SIGNER_PURPOSE_NOT_ALLOWED",
    COLD,
    actions.transfer(1n),
    actions.transfer(1n),
  ),
  transfer(
    "a transfer with an access key behind it",
    "SIGNER_PURPOSE_NOT_ALLOWED",
    COLD,
    actions.transfer(1n),
    actions.addFullAccessKey(malloryKey),
  ),
  {
    name: "a delegate under the treasury's key",
    reason: "SIGNER_PURPOSE_NOT_ALLOWED",
    keyId: "treasury",
    make: async (t) => t.bytes("treasury", ALICE, [await delegate()]),
  },
  {
    name: "a transfer under a grant for a delegate",
    reason: "SIGNER_GRANT_INVALID",
    keyId: "treasury",
    make: (t) => t.bytes("treasury", COLD, [actions.transfer(1n)]),
  },
  {
    name: "a delegate under a grant for a transfer",
    reason: "SIGNER_GRANT_INVALID",
    purpose: TRANSFER,
    make: async (t) => t.bytes("relayer", ALICE, [await delegate()]),
  },
];
