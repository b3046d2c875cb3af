import { randomUUID } from "node:crypto";
import type {
  SigningRequestRecord,
  SigningSession,
  ThresholdKeyRecord,
  ThresholdSession,
} from "@countersign/signer-service/threshold/threshold-store.ts";

/** A point in the tests' time, in milliseconds after its start. */
export const at = (milliseconds: number) => new Date(Date.UTC(2030, 0, 1) + milliseconds);

/** Everything that the builders below make expires here. */
export const EXPIRY = at(60_000);
export const SEALING_KEY = new Uint8Array(32).fill(5);
export const OWNER = { tenant: "acme", user: "alice" };
export const KEY_ID = "ed25519:G4jVBejLprjNapGGvf9jz6DMP2G6Md7FXSBXdhANRxXd";

export function keyRecord(change: Partial<ThresholdKeyRecord> = {}): ThresholdKeyRecord {
  return {
    ...OWNER,
    keyId: KEY_ID,
    schemeId: "threshold-ed25519-frost-2p-v1",
    network: "testnet",
    accountId: "alice.testnet",
    rpId: "example.com",
    clientVerifyingShare: new Uint8Array(32).fill(1),
    relayerVerifyingShare: new Uint8Array(32).fill(2),
    epoch: 1,
    credentials: [
      { id: Uint8Array.of(9, 9), publicKey: Uint8Array.of(1, 2, 3) },
      { id: Uint8Array.of(8), publicKey: Uint8Array.of(4) },
    ],
    createdAt: at(0),
    ...change,
  };
}

export function session(change: Partial<ThresholdSession> = {}): Omit<ThresholdSession, "uses"> {
  const purposes = ["NEAR_DELEGATE"];
  return {
    tokenHash: "ab".repeat(32),
    owner: OWNER,
    keyId: KEY_ID,
    purposes,
    maxUses: 10,
    expiresAt: EXPIRY,
    ...change,
  };
}

export function request(change: Partial<SigningRequestRecord> = {}): SigningRequestRecord {
  const digest = new Uint8Array(32).fill(3);
  return { id: randomUUID(), owner: OWNER, keyId: KEY_ID, digest, expiresAt: EXPIRY, ...change };
}

/** A run for a request, with nonces of its own. */
export function run(
  { id: requestId, owner, keyId, digest }: SigningRequestRecord,
  state: Uint8Array = Buffer.from(`nonces of ${requestId}`),
): SigningSession {
  return { id: randomUUID(), requestId, owner, keyId, digest, expiresAt: EXPIRY, state };
}
