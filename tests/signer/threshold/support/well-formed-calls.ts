import type { CallOptions } from "@connectrpc/connect";
import { ProtocolPhase } from "@countersign/gen/countersign/threshold/v1/ecdsa_pb.ts";
import { IDENTITY } from "./points.ts";
import type { ThresholdClient } from "./threshold-signer.ts";

const caller = { tenant: "acme", user: "user-1" };
const keyId = "ed25519:G4jVBejLprjNapGGvf9jz6DMP2G6Md7FXSBXdhANRxXd";
const bytes = (size: number) => new Uint8Array(size);
const protocolMessage = { phase: ProtocolPhase.TRIPLES, data: bytes(40) };
const assertion = {
  credentialId: bytes(16),
  clientDataJson: bytes(16),
  authenticatorData: bytes(37),
  signature: bytes(70),
};

/** A call of every method that the contract's rules let through, about nothing that is there. */
export const WELL_FORMED_CALLS: Readonly<
  Record<keyof ThresholdClient, (client: ThresholdClient, options?: CallOptions) => Promise<unknown>>
> = {
  beginThresholdKey: (client, options) => {
    const names = { network: "testnet", accountId: "alice.testnet", rpId: "wallet.example" };
    const request = { schemeId: "threshold-ed25519-frost-2p-v1", ...names };
    return client.beginThresholdKey({ caller, request }, options);
  },
  finishThresholdKey: (client, options) => {
    const request = {
      challenge: bytes(32),
      clientVerifyingShare: IDENTITY,
      clientProof: bytes(64),
      assertion,
    };
    return client.finishThresholdKey({ caller, request, credentialPublicKey: bytes(77) }, options);
  },
  getThresholdKey: (client, options) => client.getThresholdKey({ caller, request: { keyId } }, options),
  listThresholdKeys: (client, options) => client.listThresholdKeys({ caller, request: {} }, options),
  createThresholdNonce: (client, options) =>
    client.createThresholdNonce({ caller, request: { keyId, use: 1 } }, options),
  mintThresholdSession: (client, options) => {
    const request = { keyId, policy: bytes(1), nonce: bytes(32), assertion };
    return client.mintThresholdSession({ caller, request }, options);
  },
  endThresholdSession: (client, options) =>
    client.endThresholdSession({ caller, request: { token: `cst_${"A".repeat(43)}` } }, options),
  exportThresholdShare: (client, options) => {
    const request = { keyId, nonce: bytes(32), recipientPublicKey: bytes(32), assertion };
    return client.exportThresholdShare({ caller, request }, options);
  },
  authorizeEd25519: (client, options) => {
    const value = { message: "hello", nonce: bytes(32), recipient: "example.com" };
    const payload = { payload: { case: "nep413Message" as const, value } };
    const authority = { case: "sessionToken" as const, value: "cst_" };
    return client.authorizeEd25519({ caller, request: { keyId, payload, authority } }, options);
  },
  signEd25519Init: (client, options) => {
    const clientCommitments = { hiding: bytes(32), binding: bytes(32) };
    const request = { requestId: "1", keyId, digest: bytes(32), clientCommitments };
    return client.signEd25519Init({ caller, request }, options);
  },
  signEd25519Finalize: (client, options) => {
    const request = { signingSessionId: "1", keyId, digest: bytes(32), clientSignatureShare: bytes(32) };
    return client.signEd25519Finalize({ caller, request }, options);
  },
  authorizeEcdsa: (client, options) => {
    const payload = { payload: { case: "evmMessage" as const, value: { message: bytes(5) } } };
    const authority = { case: "sessionToken" as const, value: "cst_" };
    return client.authorizeEcdsa({ caller, request: { keyId, payload, authority } }, options);
  },
  presignInit: (client, options) => {
    const request = { keyId, sessionToken: "cst_", messages: [protocolMessage] };
    return client.presignInit({ caller, request }, options);
  },
  presignStep: (client, options) => {
    const request = { presignSessionId: "1", keyId, version: 1, messages: [protocolMessage] };
    return client.presignStep({ caller, request }, options);
  },
  signEcdsaInit: (client, options) => {
    const hashes = { presignatureId: bytes(32), clientEntropyHash: bytes(32) };
    const request = { requestId: "1", keyId, digest: bytes(32), ...hashes };
    return client.signEcdsaInit({ caller, request }, options);
  },
  signEcdsaFinalize: (client, options) => {
    const request = { signingSessionId: "1", keyId, digest: bytes(32), clientEntropy: bytes(32) };
    return client.signEcdsaFinalize({ caller, request }, options);
  },
  getPresignaturePool: (client, options) =>
    client.getPresignaturePool({ caller, request: { keyId } }, options),
};
