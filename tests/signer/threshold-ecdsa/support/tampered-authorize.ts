import { ThresholdSignerService } from "@countersign/gen/countersign/signer/v1/threshold_signer_service_pb.ts";
import { NonceUse, Purpose } from "@countersign/gen/countersign/threshold/v1/threshold_pb.ts";
import { ASSERTION_CHANGES } from "../../threshold/support/tampered-sessions.ts";
import { flipped, type Tampering } from "../../threshold/support/tampering.ts";
import { OTHER_TENANT } from "../../threshold/support/threshold-signer.ts";
import { EcdsaWallet } from "./ecdsa-client.ts";
import {
  authorization,
  CHAIN_ID,
  evmMessage,
  evmTransactions,
  type KnownEvmPayload,
  RECIPIENT,
  rawDigest,
  transfer,
  typedData,
} from "./evm-payloads.ts";

const { method } = ThresholdSignerService;
const { authorizeEcdsa, signEcdsaInit } = method;

type AuthorizeCall = ReturnType<EcdsaWallet["authorizeEcdsaRequest"]>;
const authorizing = (
  field: string,
  what: string,
  outcome: string,
  change: (call: AuthorizeCall, wallet: EcdsaWallet) => AuthorizeCall | Promise<AuthorizeCall>,
): Tampering => ({
  method: authorizeEcdsa,
  field,
  what,
  outcome,
  run: async ({ signer: { client } }) => {
    const own = await EcdsaWallet.withKey(client);
    const call = own.authorizeEcdsaRequest(evmTransactions(transfer()).payload, await own.mint());
    return client.authorizeEcdsa(await change(call, own));
  },
});

/** Another payload in place of the wallet's. */
const payload = (field: string, what: string, outcome: string, { payload: other }: KnownEvmPayload) =>
  authorizing(`request.payload.${field}`, what, outcome, ({ request, ...call }) => ({
    ...call,
    request: { ...request, payload: other },
  }));

/** The relay has something else authorised than what the wallet asks for: the wallet's digest is not signed. */
const swapped = (field: string, what: string, asked: KnownEvmPayload, sent: KnownEvmPayload): Tampering => ({
  method: authorizeEcdsa,
  noticedBy: signEcdsaInit,
  field: `request.payload.${field}`,
  what,
  outcome: "DIGEST_MISMATCH",
  run: async ({ signer: { client } }) => {
    const own = await EcdsaWallet.withKey(client);
    const [given] = await own.authorizeEcdsa(sent.payload, await own.mint());
    const digest = asked.digests[0] ?? new Uint8Array();
    const wanted = { requestId: given?.requestId ?? "", digest };
    return client.signEcdsaInit(own.ecdsaInitRequest(wanted, new Uint8Array(32), new Uint8Array(32)));
  },
});

type SingleUse = ReturnType<EcdsaWallet["singleUseRequest"]>["request"]["authority"]["value"];
const singleUse = (
  field: string,
  what: string,
  outcome: string,
  change: (value: SingleUse, wallet: EcdsaWallet) => SingleUse | Promise<SingleUse>,
): Tampering => ({
  method: authorizeEcdsa,
  field: `request.single_use.${field}`,
  what,
  outcome,
  run: async ({ signer: { client } }) => {
    const own = await EcdsaWallet.withKey(client);
    const { payload, digests } = evmMessage();
    const { caller, request } = own.singleUseRequest(payload, await own.nonce(NonceUse.AUTHORIZE), digests);
    const value = await change(request.authority.value, own);
    return client.authorizeEcdsa({
      caller,
      request: { ...request, authority: { case: "singleUse", value } },
    });
  },
});

/** An assertion that is made anew for the same nonce, differently. */
const asserted =
  (ceremony: Parameters<EcdsaWallet["singleUseRequest"]>[3], { payload, digests } = evmMessage()) =>
  ({ nonce }: SingleUse, wallet: EcdsaWallet): SingleUse =>
    wallet.singleUseRequest(payload, nonce, digests, ceremony).request.authority.value;

export const tamperedAuthorizeEcdsa: readonly Tampering[] = [
  authorizing("caller.tenant", "another tenant", "THRESHOLD_KEY_NOT_FOUND", (call) => ({
    ...call,
    caller: { ...call.caller, tenant: OTHER_TENANT },
  })),
  authorizing("caller.user", "another user", "THRESHOLD_KEY_NOT_FOUND", (call) => ({
    ...call,
    caller: { ...call.caller, user: "user-2" },
  })),
  authorizing("request.key_id", "no key's id", "THRESHOLD_KEY_NOT_FOUND", ({ request, ...call }) => ({
    ...call,
    request: { ...request, keyId: `${request.keyId}1` },
  })),
  authorizing("request.key_id", "another key of the user", "THRESHOLD_SESSION_INVALID", async (call, own) => {
    const { keyId } = await EcdsaWallet.withKey(own.client);
    return { ...call, request: { ...call.request, keyId } };
  }),
  authorizing(
    "request.session_token",
    "one flipped letter",
    "THRESHOLD_SESSION_INVALID",
    ({ request, ...call }) => {
      const value = `${request.authority.value.slice(0, -4)}AAAA`;
      return { ...call, request: { ...request, authority: { ...request.authority, value } } };
    },
  ),
  authorizing(
    "request.session_token",
    "of a session for something else",
    "THRESHOLD_PURPOSE_NOT_ALLOWED",
    async ({ request, ...call }, own) => {
      const value = await own.mint({ purposes: [Purpose.EVM_MESSAGE] });
      return { ...call, request: { ...request, authority: { ...request.authority, value } } };
    },
  ),
  authorizing(
    "request.session_token",
    "of a session with fewer uses than digests",
    "THRESHOLD_SESSION_EXHAUSTED",
    async ({ request, ...call }, own) => {
      const value = await own.mint({ maxUses: 1 });
      const two = evmTransactions(transfer(), transfer({ nonce: 1 })).payload;
      return { ...call, request: { ...request, payload: two, authority: { ...request.authority, value } } };
    },
  ),

  payload("evm_transactions.transactions", "no payload at all", "PAYLOAD_MALFORMED", {
    payload: {},
    digests: [],
  }),
  payload("evm_transactions.transactions", "a byte too many", "PAYLOAD_MALFORMED", longer()),
  payload(
    "evm_transactions.transactions",
    "another amount, beyond the policy",
    "EVM_POLICY_DENIED",
    evmTransactions(transfer({ value: 2n })),
  ),
  swapped(
    "evm_transactions.transactions",
    "another nonce",
    evmTransactions(transfer()),
    evmTransactions(transfer({ nonce: 1 })),
  ),
  swapped("evm_message.message", "another text", evmMessage(), evmMessage("hallo")),
  payload(
    "evm_typed_data.json",
    "another chain, beyond the policy",
    "EVM_POLICY_DENIED",
    typedData({ chainId: 1 }),
  ),
  payload("evm_authorization.chain_id", "all chains", "PAYLOAD_MALFORMED", authorization(0)),
  payload("evm_authorization.chain_id", "another chain", "EVM_POLICY_DENIED", authorization(1)),
  payload(
    "evm_authorization.address",
    "another contract",
    "EVM_POLICY_DENIED",
    authorization(CHAIN_ID, RECIPIENT),
  ),
  swapped("evm_authorization.nonce", "another nonce", authorization(), laterAuthorization()),
  payload("raw_digest.digest", "beyond the policy", "EVM_POLICY_DENIED", rawDigest()),

  ...ASSERTION_CHANGES.map(([field, what, outcome, change]) =>
    singleUse(`assertion.${field}`, what, outcome, (value) => ({
      ...value,
      assertion: change(value.assertion),
    })),
  ),
  singleUse("nonce", "one flipped bit", "THRESHOLD_CHALLENGE_INVALID", (value) => ({
    ...value,
    nonce: flipped(value.nonce),
  })),
  singleUse(
    "assertion.client_data_json",
    "an assertion over another digest",
    "ASSERTION_INVALID",
    asserted({}, evmMessage("hallo")),
  ),
  singleUse(
    "assertion.authenticator_data",
    "no user verification",
    "USER_VERIFICATION_MISSING",
    asserted({ userVerified: false }),
  ),
  singleUse(
    "assertion.authenticator_data",
    "a counter that did not rise",
    "PASSKEY_COUNTER_WENT_BACK",
    async (value, own) => {
      const nonce = await own.nonce(NonceUse.SESSION);
      await own.client.mintThresholdSession(own.mintRequest(nonce, undefined, { counter: 9 }));
      return asserted({ counter: 9 })(value, own);
    },
  ),
];

function longer(): KnownEvmPayload {
  const { payload } = evmTransactions(transfer());
  const [first = new Uint8Array()] =
    payload.payload?.case === "evmTransactions" ? (payload.payload.value.transactions ?? []) : [];
  const value = { transactions: [Uint8Array.of(...first, 0)] };
  return { payload: { payload: { case: "evmTransactions", value } }, digests: [] };
}

function laterAuthorization(): KnownEvmPayload {
  const { payload, digests } = authorization();
  const value = payload.payload?.case === "evmAuthorization" ? payload.payload.value : {};
  return { payload: { payload: { case: "evmAuthorization", value: { ...value, nonce: 8n } } }, digests };
}
