import { randomBytes } from "node:crypto";
import { keyChallenge } from "@countersign/crypto/assertion-challenge.ts";
import { proveEd25519 } from "@countersign/crypto/possession.ts";
import { ThresholdSignerService } from "@countersign/gen/countersign/signer/v1/threshold_signer_service_pb.ts";
import { NonceUse } from "@countersign/gen/countersign/threshold/v1/threshold_pb.ts";
import { IDENTITY, NOT_CANONICAL, SMALL_ORDER } from "./points.ts";
import { flipped, foreignPasskey, type Tampering } from "./tampering.ts";
import { OTHER_RP_ID, OTHER_TENANT } from "./threshold-signer.ts";
import type { ThresholdWallet } from "./threshold-wallet.ts";

const { method } = ThresholdSignerService;
const random = (bytes: number) => new Uint8Array(randomBytes(bytes));

type BeginCall = ReturnType<ThresholdWallet["beginRequest"]>;
type FinishCall = ReturnType<ThresholdWallet["finishRequest"]>;

const begin = (
  field: string,
  what: string,
  outcome: string,
  change: (call: BeginCall) => BeginCall,
): Tampering => ({
  method: method.beginThresholdKey,
  field,
  what,
  outcome,
  run: async ({ newWallet, signer }) => signer.client.beginThresholdKey(change(newWallet().beginRequest())),
});

/** A challenge for something else than the wallet proves. */
const begunAs = (field: string, what: string, changed: Partial<BeginCall["request"]>): Tampering => ({
  method: method.beginThresholdKey,
  noticedBy: method.finishThresholdKey,
  field,
  what,
  outcome: "POSSESSION_PROOF_INVALID",
  run: async ({ newWallet, signer: { client } }) => {
    const wallet = newWallet();
    const { caller, request } = wallet.beginRequest();
    const { response } = await client.beginThresholdKey({ caller, request: { ...request, ...changed } });
    return client.finishThresholdKey(wallet.finishRequest(response?.challenge ?? new Uint8Array()));
  },
});

const finish = (
  field: string,
  what: string,
  outcome: string,
  change: (call: FinishCall, wallet: ThresholdWallet) => FinishCall | Promise<FinishCall>,
): Tampering => ({
  method: method.finishThresholdKey,
  field,
  what,
  outcome,
  run: async ({ newWallet, signer }) => {
    const wallet = newWallet();
    const call = wallet.finishRequest(await wallet.challenge());
    return signer.client.finishThresholdKey(await change(call, wallet));
  },
});

const finishRequest = (
  field: keyof FinishCall["request"] & string,
  name: string,
  what: string,
  outcome: string,
  change: (value: Uint8Array) => Uint8Array,
) =>
  finish(`request.${name}`, what, outcome, ({ request, ...call }) => {
    const value = request[field];
    return { ...call, request: { ...request, [field]: value instanceof Uint8Array ? change(value) : value } };
  });

type AssertionField = keyof FinishCall["request"]["assertion"];
const finishAssertion = (
  field: AssertionField,
  name: string,
  what: string,
  outcome: string,
  change: (value: Uint8Array) => Uint8Array,
) =>
  finish(`request.assertion.${name}`, what, outcome, ({ request, ...call }) => {
    const assertion = { ...request.assertion, [field]: change(request.assertion[field]) };
    return { ...call, request: { ...request, assertion } };
  });

export const tamperedKeys: readonly Tampering[] = [
  begin("caller.tenant", "a tenant that is not served", "THRESHOLD_DISABLED", (call) => ({
    ...call,
    caller: { ...call.caller, tenant: "initech" },
  })),
  begin("request.scheme_id", "another scheme", "THRESHOLD_DISABLED", (call) => ({
    ...call,
    request: { ...call.request, schemeId: "threshold-ed25519-frost-2p-v2" as typeof call.request.schemeId },
  })),
  begin("request.network", "a network without a master secret", "NETWORK_MISMATCH", (call) => ({
    ...call,
    request: { ...call.request, network: "mainnet" },
  })),
  begin("request.account_id", "no account's name", "ACCOUNT_NAME_INVALID", (call) => ({
    ...call,
    request: { ...call.request, accountId: "Alice" },
  })),
  begin("request.account_id", "an account of mainnet", "ACCOUNT_NETWORK_MISMATCH", (call) => ({
    ...call,
    request: { ...call.request, accountId: "alice.near" },
  })),
  begin("request.rp_id", "another tenant's relying party", "RELYING_PARTY_NOT_FOUND", (call) => ({
    ...call,
    request: { ...call.request, rpId: OTHER_RP_ID },
  })),
  begunAs("request.account_id", "another account than the wallet proves", { accountId: "bob.testnet" }),
  {
    method: method.beginThresholdKey,
    noticedBy: method.finishThresholdKey,
    field: "caller.user",
    what: "another user than the wallet's",
    outcome: "THRESHOLD_CHALLENGE_INVALID",
    run: async ({ newWallet, signer: { client } }) => {
      const wallet = newWallet();
      const { caller, request } = wallet.beginRequest();
      const other = { ...caller, user: "user-2" };
      const { response } = await client.beginThresholdKey({ caller: other, request });
      return client.finishThresholdKey(wallet.finishRequest(response?.challenge ?? new Uint8Array()));
    },
  },
  begin("caller.merged_users", "more users", "answered", (call) => ({
    ...call,
    caller: { ...call.caller, mergedUsers: ["user-2"] },
  })),

  finish("caller.tenant", "another tenant", "THRESHOLD_CHALLENGE_INVALID", (call) => ({
    ...call,
    caller: { ...call.caller, tenant: OTHER_TENANT },
  })),
  finish("caller.user", "another user", "THRESHOLD_CHALLENGE_INVALID", (call) => ({
    ...call,
    caller: { ...call.caller, user: "user-2" },
  })),
  finish("caller.merged_users", "more users", "answered", (call) => ({
    ...call,
    caller: { ...call.caller, mergedUsers: ["user-2"] },
  })),
  finishRequest("challenge", "challenge", "one flipped bit", "THRESHOLD_CHALLENGE_INVALID", flipped),
  finishRequest(
    "clientVerifyingShare",
    "client_verifying_share",
    "no point",
    "ROUND_MESSAGE_INVALID",
    () => NOT_CANONICAL,
  ),
  finishRequest(
    "clientVerifyingShare",
    "client_verifying_share",
    "the identity",
    "ROUND_MESSAGE_INVALID",
    () => IDENTITY,
  ),
  finishRequest(
    "clientVerifyingShare",
    "client_verifying_share",
    "a point of small order",
    "ROUND_MESSAGE_INVALID",
    () => SMALL_ORDER,
  ),
  finishRequest(
    "clientVerifyingShare",
    "client_verifying_share",
    "a byte too many",
    "ROUND_MESSAGE_INVALID",
    (share) => Uint8Array.of(...share, 0),
  ),
  finish(
    "request.client_verifying_share",
    "somebody else's share, with this proof",
    "POSSESSION_PROOF_INVALID",
    ({ request, ...call }, wallet) => {
      const clientVerifyingShare = wallet.possession(request.challenge).ownShare;
      const other = Uint8Array.from(clientVerifyingShare);
      // The negated point: a point of the group whose share this wallet does not prove.
      other[31] = (other[31] ?? 0) ^ 0x80;
      return { ...call, request: { ...request, clientVerifyingShare: other } };
    },
  ),
  finishRequest("clientProof", "client_proof", "R", "POSSESSION_PROOF_INVALID", flipped),
  finishRequest("clientProof", "client_proof", "z", "POSSESSION_PROOF_INVALID", (proof) =>
    flipped(proof, 32),
  ),
  finishRequest("clientProof", "client_proof", "a byte too many", "POSSESSION_PROOF_INVALID", (proof) =>
    Uint8Array.of(...proof, 0),
  ),
  finish(
    "request.client_proof",
    "a proof for another network",
    "POSSESSION_PROOF_INVALID",
    ({ request, ...call }, wallet) => {
      const context = { ...wallet.possession(request.challenge), network: "mainnet" };
      return { ...call, request: { ...request, clientProof: proveEd25519(wallet.share, context, random) } };
    },
  ),
  finishAssertion("clientDataJson", "client_data_json", "not JSON", "ASSERTION_INVALID", flipped),
  finishAssertion("clientDataJson", "client_data_json", "another origin", "ASSERTION_INVALID", (data) => {
    const text = Buffer.from(data).toString().replace("https://wallet.example", "https://evil.example");
    return new Uint8Array(Buffer.from(text));
  }),
  finishAssertion(
    "authenticatorData",
    "authenticator_data",
    "another relying party",
    "ASSERTION_INVALID",
    flipped,
  ),
  finishAssertion("authenticatorData", "authenticator_data", "another counter", "ASSERTION_INVALID", (data) =>
    flipped(data, 36),
  ),
  finishAssertion("signature", "signature", "one flipped bit", "ASSERTION_INVALID", (s) =>
    flipped(s, s.length - 1),
  ),
  finish(
    "request.assertion.signature",
    "a signature for a share that the relay chose",
    "ASSERTION_INVALID",
    ({ request, ...call }, { passkey }) => {
      const assertion = passkey.assert(keyChallenge(request.challenge, SMALL_ORDER));
      return { ...call, request: { ...request, assertion } };
    },
  ),
  finish(
    "request.assertion.authenticator_data",
    "no user verification",
    "USER_VERIFICATION_MISSING",
    ({ request }, wallet) => wallet.finishRequest(request.challenge, { userVerified: false }),
  ),
  finish(
    "request.assertion.authenticator_data",
    "a counter that did not rise",
    "PASSKEY_COUNTER_WENT_BACK",
    async ({ request }, wallet) => {
      await wallet.client.finishThresholdKey(wallet.finishRequest(await wallet.challenge(), { counter: 9 }));
      return wallet.finishRequest(request.challenge, { counter: 9 });
    },
  ),
  {
    method: method.finishThresholdKey,
    field: "caller.user",
    what: "a user who has got hold of the share",
    outcome: "THRESHOLD_KEY_EXISTS",
    run: async ({ wallet, newWallet }) => {
      const { share } = await wallet();
      return newWallet({ share, user: "user-2" }).createKey();
    },
  },
  // Which passkey an id names is the relay's to know: it gives the public key. The wallet sees the ids in the answer.
  finishAssertion("credentialId", "credential_id", "another name for the same passkey", "answered", flipped),
  finish("credential_public_key", "another passkey's", "ASSERTION_INVALID", (call) => ({
    ...call,
    credentialPublicKey: foreignPasskey().publicKey,
  })),
  finish("credential_public_key", "no COSE key", "ASSERTION_INVALID", (call) => ({
    ...call,
    credentialPublicKey: new Uint8Array([1, 2, 3]),
  })),

  {
    method: method.getThresholdKey,
    field: "request.key_id",
    what: "no key's id",
    outcome: "THRESHOLD_KEY_NOT_FOUND",
    run: async ({ wallet, signer: { client } }) => {
      const { caller, keyId } = await wallet();
      return client.getThresholdKey({ caller, request: { keyId: `${keyId}1` } });
    },
  },
  ...(["tenant", "user"] as const).map(
    (field): Tampering => ({
      method: method.getThresholdKey,
      field: `caller.${field}`,
      what: "another one's",
      outcome: "THRESHOLD_KEY_NOT_FOUND",
      run: async ({ wallet, signer: { client } }) => {
        const { caller, keyId } = await wallet();
        const other = { ...caller, [field]: field === "tenant" ? OTHER_TENANT : "user-2" };
        return client.getThresholdKey({ caller: other, request: { keyId } });
      },
    }),
  ),
  ...(["tenant", "user"] as const).map(
    (field): Tampering => ({
      method: method.listThresholdKeys,
      field: `caller.${field}`,
      what: "another one, who has no keys",
      outcome: "answered",
      run: async ({ wallet, signer: { client } }) => {
        const { caller } = await wallet();
        const other = { ...caller, [field]: field === "tenant" ? OTHER_TENANT : "user-2" };
        const { response } = await client.listThresholdKeys({ caller: other, request: {} });
        if ((response?.keys ?? []).length > 0) throw new Error("somebody else's keys were listed");
      },
    }),
  ),

  ...(["tenant", "user"] as const).map(
    (field): Tampering => ({
      method: method.createThresholdNonce,
      field: `caller.${field}`,
      what: "another one",
      outcome: "THRESHOLD_KEY_NOT_FOUND",
      run: async ({ wallet, signer: { client } }) => {
        const { caller, keyId } = await wallet();
        const other = { ...caller, [field]: field === "tenant" ? OTHER_TENANT : "user-2" };
        return client.createThresholdNonce({ caller: other, request: { keyId, use: NonceUse.SESSION } });
      },
    }),
  ),
  {
    method: method.createThresholdNonce,
    noticedBy: method.mintThresholdSession,
    field: "request.key_id",
    what: "another key of the user",
    outcome: "THRESHOLD_CHALLENGE_INVALID",
    run: async ({ wallet, signer: { client } }) => {
      const [own, other] = [await wallet(), await wallet()];
      return client.mintThresholdSession(own.mintRequest(await other.nonce(NonceUse.SESSION)));
    },
  },
  {
    method: method.createThresholdNonce,
    noticedBy: method.mintThresholdSession,
    field: "request.use",
    what: "another use",
    outcome: "THRESHOLD_CHALLENGE_INVALID",
    run: async ({ wallet, signer: { client } }) => {
      const own = await wallet();
      return client.mintThresholdSession(own.mintRequest(await own.nonce(NonceUse.EXPORT)));
    },
  },
];
