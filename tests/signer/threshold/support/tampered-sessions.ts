import { create, toBinary } from "@bufbuild/protobuf";
import { createRecipient } from "@countersign/crypto/hpke.ts";
import { ThresholdSignerService } from "@countersign/gen/countersign/signer/v1/threshold_signer_service_pb.ts";
import {
  NonceUse,
  Purpose,
  SessionPolicySchema,
} from "@countersign/gen/countersign/threshold/v1/threshold_pb.ts";
import { delegate, message } from "./payloads.ts";
import { flipped, foreignPasskey, type Tampering } from "./tampering.ts";
import { OTHER_RP_ID, OTHER_TENANT } from "./threshold-signer.ts";
import type { ThresholdWallet } from "./threshold-wallet.ts";

const { method } = ThresholdSignerService;
const { mintThresholdSession, endThresholdSession, exportThresholdShare, authorizeEd25519 } = method;

type Assertion = ReturnType<ThresholdWallet["mintRequest"]>["request"]["assertion"];

/** What is the same of every assertion by a passkey of a key, in whatever call it stands. */
export const ASSERTION_CHANGES: readonly (readonly [
  field: string,
  what: string,
  outcome: string,
  change: (assertion: Assertion) => Assertion,
])[] = [
  [
    "credential_id",
    "no passkey of the key",
    "ASSERTION_INVALID",
    (a) => ({ ...a, credentialId: flipped(a.credentialId) }),
  ],
  [
    "client_data_json",
    "not JSON",
    "ASSERTION_INVALID",
    (a) => ({ ...a, clientDataJson: flipped(a.clientDataJson) }),
  ],
  [
    "authenticator_data",
    "another relying party",
    "ASSERTION_INVALID",
    (a) => ({ ...a, authenticatorData: flipped(a.authenticatorData) }),
  ],
  [
    "authenticator_data",
    "user verification put in",
    "ASSERTION_INVALID",
    (a) => ({ ...a, authenticatorData: flipped(a.authenticatorData, 33) }),
  ],
  [
    "authenticator_data",
    "a byte too many",
    "ASSERTION_INVALID",
    (a) => ({ ...a, authenticatorData: Uint8Array.of(...a.authenticatorData, 0) }),
  ],
  [
    "signature",
    "one flipped bit",
    "ASSERTION_INVALID",
    (a) => ({ ...a, signature: flipped(a.signature, a.signature.length - 1) }),
  ],
  ["signature", "no signature", "ASSERTION_INVALID", (a) => ({ ...a, signature: new Uint8Array(70) })],
];

type MintCall = ReturnType<ThresholdWallet["mintRequest"]>;
const mint = (
  field: string,
  what: string,
  outcome: string,
  change: (call: MintCall, wallet: ThresholdWallet) => MintCall | Promise<MintCall>,
): Tampering => ({
  method: mintThresholdSession,
  field,
  what,
  outcome,
  run: async ({ wallet, signer: { client } }) => {
    const own = await wallet();
    return client.mintThresholdSession(await change(own.mintRequest(await own.nonce(NonceUse.SESSION)), own));
  },
});

const policyBytes = (policy: { lifetimeSeconds?: number; maxUses?: number; purposes?: Purpose[] }) =>
  toBinary(SessionPolicySchema, create(SessionPolicySchema, policy));
const DELEGATES = [Purpose.NEAR_DELEGATE];

/** Bytes that the passkey signs all the same: the wallet is wrong, or is made to ask. */
const badPolicy = (what: string, bytes: Uint8Array) =>
  mint("request.policy", what, "THRESHOLD_SESSION_POLICY_INVALID", ({ request }, wallet) =>
    wallet.mintRequestOf(request.nonce, bytes),
  );

type ExportCall = ReturnType<ThresholdWallet["exportRequest"]>;
const exporting = (
  field: string,
  what: string,
  outcome: string,
  change: (call: ExportCall, wallet: ThresholdWallet) => ExportCall | Promise<ExportCall>,
): Tampering => ({
  method: exportThresholdShare,
  field,
  what,
  outcome,
  run: async ({ wallet, signer: { client } }) => {
    const own = await wallet();
    const { publicKey } = await createRecipient();
    const call = own.exportRequest(await own.nonce(NonceUse.EXPORT), publicKey);
    return client.exportThresholdShare(await change(call, own));
  },
});

type SingleUseCall = ReturnType<ThresholdWallet["singleUseRequest"]>;
const singleUse = (
  field: string,
  what: string,
  outcome: string,
  change: (
    value: SingleUseCall["request"]["authority"]["value"],
    wallet: ThresholdWallet,
  ) =>
    | Promise<SingleUseCall["request"]["authority"]["value"]>
    | SingleUseCall["request"]["authority"]["value"],
): Tampering => ({
  method: authorizeEd25519,
  field: `request.single_use.${field}`,
  what,
  outcome,
  run: async ({ wallet, signer: { client } }) => {
    const own = await wallet();
    const { payload, digests } = delegate(own);
    const { caller, request } = own.singleUseRequest(payload, await own.nonce(NonceUse.AUTHORIZE), digests);
    const value = await change(request.authority.value, own);
    return client.authorizeEd25519({
      caller,
      request: { ...request, authority: { case: "singleUse", value } },
    });
  },
});

export const tamperedSessions: readonly Tampering[] = [
  mint("caller.tenant", "another tenant", "THRESHOLD_KEY_NOT_FOUND", (call) => ({
    ...call,
    caller: { ...call.caller, tenant: OTHER_TENANT },
  })),
  mint("caller.user", "another user", "THRESHOLD_KEY_NOT_FOUND", (call) => ({
    ...call,
    caller: { ...call.caller, user: "user-2" },
  })),
  mint("request.key_id", "no key's id", "THRESHOLD_KEY_NOT_FOUND", ({ request, ...call }) => ({
    ...call,
    request: { ...request, keyId: `${request.keyId}1` },
  })),
  {
    method: mintThresholdSession,
    field: "request.key_id",
    what: "another key of the user and the passkey",
    outcome: "THRESHOLD_CHALLENGE_INVALID",
    run: async ({ wallet, signer: { client } }) => {
      const own = await wallet();
      const other = await wallet({ passkey: own.passkey });
      const { caller, request } = own.mintRequest(await own.nonce(NonceUse.SESSION));
      return client.mintThresholdSession({ caller, request: { ...request, keyId: other.keyId } });
    },
  },
  mint("request.policy", "more purposes than the passkey signed", "ASSERTION_INVALID", async (_, wallet) => {
    const nonce = await wallet.nonce(NonceUse.SESSION);
    const { caller, request } = wallet.mintRequest(nonce, { purposes: DELEGATES });
    const policy = policyBytes({ purposes: [...DELEGATES, Purpose.NEAR_TRANSACTION] });
    return { caller, request: { ...request, policy } };
  }),
  badPolicy("bytes that are no message", Uint8Array.of(0xff)),
  badPolicy("a field that nobody knows", Uint8Array.of(...policyBytes({ purposes: DELEGATES }), 0x20, 1)),
  badPolicy("no purpose", policyBytes({ maxUses: 1 })),
  badPolicy("a purpose that is none", policyBytes({ purposes: [9 as Purpose] })),
  badPolicy("a purpose twice", policyBytes({ purposes: [...DELEGATES, ...DELEGATES] })),
  badPolicy("a lifetime of more than a day", policyBytes({ purposes: DELEGATES, lifetimeSeconds: 86_401 })),
  badPolicy("more than a thousand uses", policyBytes({ purposes: DELEGATES, maxUses: 1_001 })),
  mint("request.nonce", "one flipped bit", "THRESHOLD_CHALLENGE_INVALID", ({ request, ...call }) => ({
    ...call,
    request: { ...request, nonce: flipped(request.nonce) },
  })),
  mint("request.nonce", "one that was used", "THRESHOLD_CHALLENGE_INVALID", async (call, { client }) => {
    await client.mintThresholdSession(call);
    return call;
  }),
  mint("request.nonce", "the challenge of a new key", "THRESHOLD_CHALLENGE_INVALID", async (_, wallet) =>
    wallet.mintRequest(await wallet.challenge()),
  ),
  ...ASSERTION_CHANGES.map(([field, what, outcome, change]) =>
    mint(`request.assertion.${field}`, what, outcome, ({ request, ...call }) => ({
      ...call,
      request: { ...request, assertion: change(request.assertion) },
    })),
  ),
  mint("request.assertion.signature", "another passkey's assertion", "ASSERTION_INVALID", (call, wallet) => {
    const other = wallet.with({ passkey: foreignPasskey() });
    const { request } = other.mintRequest(call.request.nonce);
    const assertion = { ...request.assertion, credentialId: wallet.passkey.credentialId };
    return { ...call, request: { ...call.request, assertion } };
  }),
  ...(
    [
      ["another origin", "ASSERTION_INVALID", { origin: "https://evil.example" }],
      ["another relying party", "ASSERTION_INVALID", { rpId: OTHER_RP_ID }],
      ["a registration in place of an assertion", "ASSERTION_INVALID", { type: "webauthn.create" }],
      ["nobody present", "ASSERTION_INVALID", { userPresent: false }],
      ["no user verification", "USER_VERIFICATION_MISSING", { userVerified: false }],
      ["a page that an application frames", "answered", { topOrigin: "https://app.example" }],
    ] as const
  ).map(([what, outcome, ceremony]) =>
    mint("request.assertion.client_data_json", what, outcome, ({ request }, wallet) =>
      wallet.mintRequest(request.nonce, undefined, ceremony),
    ),
  ),
  mint(
    "request.assertion.authenticator_data",
    "a counter that fell",
    "PASSKEY_COUNTER_WENT_BACK",
    async (call, wallet) => {
      const { client } = wallet;
      const nonce = await wallet.nonce(NonceUse.SESSION);
      await client.mintThresholdSession(wallet.mintRequest(nonce, undefined, { counter: 9 }));
      return wallet.mintRequest(call.request.nonce, undefined, { counter: 9 });
    },
  ),

  ...(["caller.tenant", "caller.user", "request.token"] as const).map(
    (field): Tampering => ({
      method: endThresholdSession,
      field,
      what: "another one, and the session goes on",
      outcome: "answered",
      run: async ({ wallet, signer: { client } }) => {
        const own = await wallet();
        const token = await own.mint();
        const tenant = field === "caller.tenant" ? OTHER_TENANT : own.caller.tenant;
        const user = field === "caller.user" ? "user-2" : own.caller.user;
        const other = field === "request.token" ? `${token.slice(0, -4)}AAAA` : token;
        await client.endThresholdSession({ caller: { tenant, user }, request: { token: other } });
        await own.authorize(message().payload, token);
      },
    }),
  ),

  exporting("caller.tenant", "another tenant, whose shares stay", "EXPORT_DISABLED", (call) => ({
    ...call,
    caller: { ...call.caller, tenant: OTHER_TENANT },
  })),
  exporting("caller.user", "another user", "THRESHOLD_KEY_NOT_FOUND", (call) => ({
    ...call,
    caller: { ...call.caller, user: "user-2" },
  })),
  exporting("request.key_id", "no key's id", "THRESHOLD_KEY_NOT_FOUND", ({ request, ...call }) => ({
    ...call,
    request: { ...request, keyId: `${request.keyId}1` },
  })),
  exporting("request.nonce", "one flipped bit", "THRESHOLD_CHALLENGE_INVALID", ({ request, ...call }) => ({
    ...call,
    request: { ...request, nonce: flipped(request.nonce) },
  })),
  exporting(
    "request.nonce",
    "one of another use",
    "THRESHOLD_CHALLENGE_INVALID",
    async ({ request }, wallet) =>
      wallet.exportRequest(await wallet.nonce(NonceUse.SESSION), request.recipientPublicKey),
  ),
  exporting("request.nonce", "one that was used", "THRESHOLD_CHALLENGE_INVALID", async (call, { client }) => {
    await client.exportThresholdShare(call);
    return call;
  }),
  exporting(
    "request.recipient_public_key",
    "the relay's own key in place of the wallet's",
    "ASSERTION_INVALID",
    async ({ request, ...call }) => {
      const { publicKey: recipientPublicKey } = await createRecipient();
      return { ...call, request: { ...request, recipientPublicKey } };
    },
  ),
  exporting(
    "request.recipient_public_key",
    "a key of small order, which the passkey signed",
    "ROUND_MESSAGE_INVALID",
    ({ request }, wallet) => wallet.exportRequest(request.nonce, new Uint8Array(32)),
  ),
  ...ASSERTION_CHANGES.map(([field, what, outcome, change]) =>
    exporting(`request.assertion.${field}`, what, outcome, ({ request, ...call }) => ({
      ...call,
      request: { ...request, assertion: change(request.assertion) },
    })),
  ),
  exporting(
    "request.assertion.authenticator_data",
    "no user verification",
    "USER_VERIFICATION_MISSING",
    ({ request }, wallet) =>
      wallet.exportRequest(request.nonce, request.recipientPublicKey, { userVerified: false }),
  ),

  exporting(
    "request.assertion.authenticator_data",
    "a counter that did not rise",
    "PASSKEY_COUNTER_WENT_BACK",
    async ({ request }, wallet) => {
      const { recipientPublicKey } = request;
      const nonce = await wallet.nonce(NonceUse.EXPORT);
      await wallet.client.exportThresholdShare(
        wallet.exportRequest(nonce, recipientPublicKey, { counter: 9 }),
      );
      return wallet.exportRequest(request.nonce, recipientPublicKey, { counter: 9 });
    },
  ),

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
  singleUse("nonce", "one of another use", "THRESHOLD_CHALLENGE_INVALID", async (value, wallet) => ({
    ...value,
    nonce: await wallet.nonce(NonceUse.SESSION),
  })),
  singleUse(
    "assertion.authenticator_data",
    "no user verification",
    "USER_VERIFICATION_MISSING",
    (value, wallet) => {
      const { payload, digests } = delegate(wallet);
      const { request } = wallet.singleUseRequest(payload, value.nonce, digests, { userVerified: false });
      return request.authority.value;
    },
  ),
  singleUse(
    "assertion.client_data_json",
    "an assertion over another digest",
    "ASSERTION_INVALID",
    (value, wallet) => {
      const { payload } = delegate(wallet);
      const { request } = wallet.singleUseRequest(
        payload,
        value.nonce,
        delegate(wallet, { nonce: 2n }).digests,
      );
      return request.authority.value;
    },
  ),
  singleUse(
    "assertion.authenticator_data",
    "a counter that did not rise",
    "PASSKEY_COUNTER_WENT_BACK",
    async (value, wallet) => {
      const { client } = wallet;
      const nonce = await wallet.nonce(NonceUse.SESSION);
      await client.mintThresholdSession(wallet.mintRequest(nonce, undefined, { counter: 9 }));
      const { payload, digests } = delegate(wallet);
      const { request } = wallet.singleUseRequest(payload, value.nonce, digests, { counter: 9 });
      return request.authority.value;
    },
  ),
];
