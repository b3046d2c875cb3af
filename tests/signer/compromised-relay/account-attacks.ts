import { Purpose } from "@countersign/gen/countersign/signer/v1/relayer_signer_pb.ts";
import { type Action, actions } from "near-api-js";
import type { Attack } from "./attack.ts";
import { MAX_DEPOSIT, REGISTRAR, RELAYER } from "./relayer-keys.ts";
import { MALLORY, malloryKey } from "./transactions.ts";

const purpose = Purpose.ACCOUNT_CREATION;
const GAS = 30_000_000_000_000n;
const NEW = `new.${REGISTRAR}`;
const [create, addKey] = [actions.createAccount(), actions.addFullAccessKey(malloryKey)];

function asWhole(
  name: string,
  receiverId: string,
  all: Action[],
  reason = "SIGNER_PURPOSE_NOT_ALLOWED",
): Attack {
  return { name, reason, purpose, make: (t) => t.bytes("relayer", receiverId, all) };
}

/** A registrar's call with these bytes as arguments. */
function registration(
  name: string,
  reason: string,
  args: Uint8Array | object,
  { method = "create_account", receiverId = REGISTRAR, deposit = 0n, gas = GAS } = {},
): Attack {
  const bytes = args instanceof Uint8Array ? args : Buffer.from(JSON.stringify(args));
  const call = actions.functionCall(method, bytes, gas, deposit);
  return { name, reason, purpose, make: (t) => t.bytes("relayer", receiverId, [call]) };
}

const publicKey = malloryKey.toString();
const good = { new_account_id: NEW, new_public_key: publicKey };
const goodText = JSON.stringify(good);
const smuggled = (name: string, text: string | Uint8Array) =>
  registration(`a registration with ${name}`, "SIGNER_TRANSACTION_MALFORMED", Buffer.from(text));

/** Accounts that may not be created, and registrations that say one thing to the signer and another to the contract. */
export const ACCOUNT_ATTACKS: readonly Attack[] = [
  asWhole("a sub-account of somebody else", `new.${MALLORY}`, [create, actions.transfer(1n), addKey]),
  asWhole("an account two labels below", `a.b.${RELAYER}`, [create, actions.transfer(1n), addKey]),
  asWhole("a creation of the relay's own account", RELAYER, [create, actions.transfer(1n), addKey]),
  asWhole("a creation without a deposit", `new.${RELAYER}`, [create, addKey]),
  asWhole("a creation with two keys", `new.${RELAYER}`, [create, actions.transfer(1n), addKey, addKey]),
  asWhole("a creation in another order", `new.${RELAYER}`, [actions.transfer(1n), create, addKey]),
  asWhole("a creation with a contract", `new.${RELAYER}`, [
    create,
    actions.transfer(1n),
    addKey,
    actions.deployContract(new Uint8Array(8)),
  ]),
  asWhole("a key for an account that is there", `new.${RELAYER}`, [addKey]),
  asWhole("a creation with a function-call key", `new.${RELAYER}`, [
    create,
    actions.transfer(1n),
    actions.addFunctionCallAccessKey(malloryKey, REGISTRAR, [], 1n),
  ]),
  asWhole(
    "a creation of 1 yocto too much",
    `new.${RELAYER}`,
    [create, actions.transfer(MAX_DEPOSIT + 1n), addKey],
    "SIGNER_LIMIT_EXCEEDED",
  ),
  registration("a registration before another suffix", "SIGNER_POLICY_DENIED", {
    ...good,
    new_account_id: `new.${MALLORY}`,
  }),
  registration("a registration two labels below", "SIGNER_POLICY_DENIED", {
    ...good,
    new_account_id: `a.b.${REGISTRAR}`,
  }),
  registration("a registration of the suffix itself", "SIGNER_POLICY_DENIED", {
    ...good,
    new_account_id: REGISTRAR,
  }),
  registration("a registration of a top-level account", "SIGNER_POLICY_DENIED", {
    ...good,
    new_account_id: "mallory",
  }),
  registration("a registration with more arguments", "SIGNER_POLICY_DENIED", { ...good, callback: MALLORY }),
  registration(
    "a registration with __proto__ among its arguments",
    "SIGNER_POLICY_DENIED",
    Buffer.from(`${goodText.slice(0, -1)},"__proto__":{"new_account_id":"x.${MALLORY}"}}`),
  ),
  registration("a registration of 1 yocto too much", "SIGNER_LIMIT_EXCEEDED", good, {
    deposit: MAX_DEPOSIT + 1n,
  }),
  registration("a registration of too much gas", "SIGNER_LIMIT_EXCEEDED", good, {
    gas: 100_000_000_000_001n,
  }),
  registration("a registration elsewhere", "SIGNER_PURPOSE_NOT_ALLOWED", good, { receiverId: MALLORY }),
  registration("another method of the registrar", "SIGNER_PURPOSE_NOT_ALLOWED", good, {
    method: "transfer_all",
  }),
  registration("a registration without a key", "SIGNER_TRANSACTION_MALFORMED", { new_account_id: NEW }),
  registration("a registration with half a key", "SIGNER_TRANSACTION_MALFORMED", {
    ...good,
    new_public_key: publicKey.slice(0, -4),
  }),
  registration("a registration of two accounts at once", "SIGNER_TRANSACTION_MALFORMED", {
    ...good,
    new_account_id: [NEW, `x.${MALLORY}`],
  }),
  smuggled("the name twice", `{"new_account_id":"x.${MALLORY}",${goodText.slice(1)}`),
  smuggled("the key twice", `${goodText.slice(0, -1)},"new_public_key":"${publicKey}"}`),
  smuggled("a name in escapes", goodText.replace("new.", "\\u006eew.")),
  smuggled("a field in escapes", goodText.replace("new_account_id", "new\\u005faccount_id")),
  smuggled("a space", `${goodText} `),
  smuggled("a second object behind it", `${goodText}{}`),
  smuggled("a zero byte behind it", `${goodText}\0`),
  smuggled("a byte order mark", `\ufeff${goodText}`),
  smuggled(
    "a byte that is not UTF-8",
    Buffer.concat([Buffer.from(goodText.slice(0, -1)), Buffer.from([0xff])]),
  ),
  smuggled("an array around it", `[${goodText}]`),
  smuggled("nothing", ""),
  smuggled("arguments of 40,000 bytes", `${goodText.slice(0, -1)},"x":"${"x".repeat(40_000)}"}`),
];
