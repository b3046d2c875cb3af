import { ThresholdSignerService } from "@countersign/gen/countersign/signer/v1/threshold_signer_service_pb.ts";
import { Purpose } from "@countersign/gen/countersign/threshold/v1/threshold_pb.ts";
import { actions } from "near-api-js";
import { delegate, type KnownPayload, message, transactionOf, transactions } from "./payloads.ts";
import type { Tampering } from "./tampering.ts";
import { OTHER_TENANT } from "./threshold-signer.ts";
import type { PayloadInit, ThresholdWallet } from "./threshold-wallet.ts";

const { method } = ThresholdSignerService;
const { authorizeEd25519, signEd25519Init } = method;

type AuthorizeCall = ReturnType<ThresholdWallet["authorizeRequest"]>;
const authorizing = (
  field: string,
  what: string,
  outcome: string,
  change: (call: AuthorizeCall, wallet: ThresholdWallet) => AuthorizeCall | Promise<AuthorizeCall>,
): Tampering => ({
  method: authorizeEd25519,
  field,
  what,
  outcome,
  run: async ({ wallet, signer: { client } }) => {
    const own = await wallet();
    const call = own.authorizeRequest(delegate(own).payload, await own.mint());
    return client.authorizeEd25519(await change(call, own));
  },
});

/** Another payload in place of the wallet's. */
const payload = (
  field: string,
  what: string,
  outcome: string,
  payloadOf: (wallet: ThresholdWallet) => PayloadInit,
) =>
  authorizing(`request.payload.${field}`, what, outcome, ({ request, ...call }, wallet) => ({
    ...call,
    request: { ...request, payload: payloadOf(wallet) },
  }));

const batch = (...list: Uint8Array[]): PayloadInit => ({
  payload: { case: "nearTransactions", value: { transactions: list } },
});
const delegateBytes = (change: (bytes: Uint8Array) => Uint8Array, wallet: ThresholdWallet): PayloadInit => {
  const known = delegate(wallet).payload.payload;
  const bytes =
    known?.case === "nearDelegate" ? (known.value.delegateAction ?? new Uint8Array()) : new Uint8Array();
  return { payload: { case: "nearDelegate", value: { delegateAction: change(bytes) } } };
};

/** The relay has something else authorised than what the wallet asks for: the wallet's digest is not signed. */
const swapped = (
  field: string,
  what: string,
  asked: (wallet: ThresholdWallet) => KnownPayload,
  sent: (wallet: ThresholdWallet) => KnownPayload,
): Tampering => ({
  method: authorizeEd25519,
  noticedBy: signEd25519Init,
  field: `request.payload.${field}`,
  what,
  outcome: "DIGEST_MISMATCH",
  run: async ({ wallet, signer: { client } }) => {
    const own = await wallet();
    const [given] = await own.authorize(sent(own).payload, await own.mint());
    const digest = asked(own).digests[0] ?? new Uint8Array();
    return client.signEd25519Init(own.initRequest({ requestId: given?.requestId ?? "", digest }).call);
  },
});
const nep413 = (changed: {
  recipient?: string;
  callbackUrl?: string;
  nonce?: Uint8Array;
  message?: string;
}) => {
  const value = { message: "hello", nonce: new Uint8Array(32).fill(5), recipient: "example.com", ...changed };
  return { payload: { payload: { case: "nep413Message" as const, value } }, digests: [] };
};

export const tamperedAuthorize: readonly Tampering[] = [
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
  {
    method: authorizeEd25519,
    field: "request.key_id",
    what: "another key of the user",
    outcome: "THRESHOLD_SESSION_INVALID",
    run: async ({ wallet }) => {
      const [own, other] = [await wallet(), await wallet()];
      return other.authorize(delegate(other).payload, await own.mint());
    },
  },
  {
    method: authorizeEd25519,
    field: "request.session_token",
    what: "another user's",
    outcome: "THRESHOLD_SESSION_INVALID",
    run: async ({ wallet }) => {
      const [own, other] = [await wallet(), await wallet({ user: "user-2" })];
      return other.authorize(delegate(other).payload, await own.mint());
    },
  },
  ...(
    [
      ["one flipped letter", (token: string) => `${token.slice(0, -4)}AAAA`],
      ["an app session's token", () => "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJ1c2VyLTEifQ.c2lnbmF0dXJl"],
      ["without its prefix", (token: string) => token.slice(4)],
    ] as const
  ).map(([what, tokenOf]) =>
    authorizing("request.session_token", what, "THRESHOLD_SESSION_INVALID", ({ request, ...call }) => ({
      ...call,
      request: { ...request, authority: { ...request.authority, value: tokenOf(request.authority.value) } },
    })),
  ),
  authorizing(
    "request.session_token",
    "one that was ended",
    "THRESHOLD_SESSION_INVALID",
    async (call, { client }) => {
      const { caller, request } = call;
      await client.endThresholdSession({ caller, request: { token: request.authority.value } });
      return call;
    },
  ),
  {
    method: authorizeEd25519,
    field: "request.session_token",
    what: "of a session for something else",
    outcome: "THRESHOLD_PURPOSE_NOT_ALLOWED",
    run: async ({ wallet }) => {
      const own = await wallet();
      return own.authorize(message().payload, await own.mint({ purposes: [Purpose.NEAR_DELEGATE] }));
    },
  },
  {
    method: authorizeEd25519,
    field: "request.session_token",
    what: "of a session with fewer uses than digests",
    outcome: "THRESHOLD_SESSION_EXHAUSTED",
    run: async ({ wallet }) => {
      const own = await wallet();
      const token = await own.mint({ purposes: [Purpose.NEAR_TRANSACTION], maxUses: 2 });
      return own.authorize(transactions(own, 3).payload, token);
    },
  },

  payload("near_transactions.transactions", "a byte too many", "PAYLOAD_MALFORMED", (wallet) =>
    batch(Uint8Array.of(...transactionOf(wallet), 0)),
  ),
  payload("near_transactions.transactions", "an action that nobody knows", "PAYLOAD_MALFORMED", (wallet) => {
    const bytes = transactionOf(wallet);
    // Of the one transfer, the tag stands before its 16 bytes.
    bytes[bytes.length - 17] = 200;
    return batch(bytes);
  }),
  payload(
    "near_transactions.transactions",
    "one of another account beside its own",
    "PAYLOAD_KEY_MISMATCH",
    (wallet) => batch(transactionOf(wallet), transactionOf(wallet, { accountId: "bob.testnet" })),
  ),
  payload("near_transactions.transactions", "one of another key", "PAYLOAD_KEY_MISMATCH", (wallet) =>
    batch(transactionOf(wallet, { publicKey: "ed25519:G4jVBejLprjNapGGvf9jz6DMP2G6Md7FXSBXdhANRxXd" })),
  ),
  payload("near_transactions.transactions", "more actions than can land", "PAYLOAD_MALFORMED", (wallet) =>
    batch(transactionOf(wallet, { actions: Array.from({ length: 101 }, () => actions.transfer(1n)) })),
  ),
  swapped("near_transactions.transactions", "another amount", transactions, (wallet) =>
    transactions(wallet, 1, { actions: [actions.transfer(2n)] }),
  ),
  payload("near_delegate.delegate_action", "a byte too many", "PAYLOAD_MALFORMED", (wallet) =>
    delegateBytes((bytes) => Uint8Array.of(...bytes, 0), wallet),
  ),
  payload(
    "near_delegate.delegate_action",
    "with the prefix of what is hashed",
    "PAYLOAD_MALFORMED",
    (wallet) => delegateBytes((bytes) => Uint8Array.of(0x6e, 1, 0, 0x40, ...bytes), wallet),
  ),
  payload(
    "near_delegate.delegate_action",
    "another account",
    "PAYLOAD_KEY_MISMATCH",
    (wallet) => delegate(wallet, { accountId: "bob.testnet" }).payload,
  ),
  payload(
    "near_delegate.delegate_action",
    "another key",
    "PAYLOAD_KEY_MISMATCH",
    (wallet) =>
      delegate(wallet, { publicKey: "ed25519:G4jVBejLprjNapGGvf9jz6DMP2G6Md7FXSBXdhANRxXd" }).payload,
  ),
  swapped("near_delegate.delegate_action", "another amount", delegate, (wallet) =>
    delegate(wallet, { actions: [actions.transfer(2n)] }),
  ),
  payload("nep413_message.message", "no payload at all", "PAYLOAD_MALFORMED", () => ({})),
  swapped("nep413_message.message", "another text", message, () => nep413({ message: "hallo" })),
  swapped("nep413_message.nonce", "another nonce", message, () => nep413({ nonce: new Uint8Array(32) })),
  swapped("nep413_message.recipient", "another recipient", message, () =>
    nep413({ recipient: "evil.example" }),
  ),
  swapped("nep413_message.callback_url", "a callback", message, () =>
    nep413({ callbackUrl: "https://evil.example" }),
  ),
];
