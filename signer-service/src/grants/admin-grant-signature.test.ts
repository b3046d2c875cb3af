import { generateKeyPairSync, sign } from "node:crypto";
import { fromJsonString } from "@bufbuild/protobuf";
import { SignedAdminGrantSchema } from "@countersign/gen/countersign/signer/v1/signer_admin_pb.ts";
import { formatPublicKey } from "@countersign/near";
import { DomainError, reasonName } from "@countersign/service-kit";
import { describe, expect, it } from "vitest";
import { publicKeyOf } from "../backends/keystore/ed25519-seed.ts";
import {
  decodeAdminGrant,
  encodeAdminGrant,
  type SignedAdminGrant,
  signedAdminGrantJson,
} from "./admin-grant-codec.ts";
import { grantsThatHold, signAdminGrant, verifyAdminGrant } from "./admin-grant-signature.ts";
import type { AdminGrant, KeptAdminGrant } from "./admin-grants.ts";
import { inDomain } from "./signing-domain.ts";
import { trustedKeys } from "./trusted-keys.ts";

const ADMIN = generateKeyPairSync("ed25519").privateKey;
const STRANGER = generateKeyPairSync("ed25519").privateKey;
const PUBLIC_KEY = formatPublicKey(publicKeyOf(ADMIN));
const TRUST = { adminKeys: trustedKeys([{ id: "alice", public_key: PUBLIC_KEY }]), audience: "signer-1" };
const T0 = new Date("2030-01-01T00:00:00Z");
const T1 = new Date("2030-01-02T00:00:00Z");
const DURING = new Date("2030-01-01T12:00:00Z");

const LANES = {
  kind: "key_management",
  network: "testnet",
  accountId: "relay.testnet",
  mayAdd: true,
  mayDelete: false,
} as const;
const REPAIR = {
  kind: "journal_repair",
  network: "testnet",
  accountId: "relay.testnet",
  publicKey: PUBLIC_KEY,
  nonce: 2n ** 64n - 1n,
  oldPayloadHash: new Uint8Array(32).fill(5),
} as const;

function grant(fields: Partial<AdminGrant> = {}): AdminGrant {
  return { id: "lanes-1", audience: "signer-1", notBefore: T0, expiresAt: T1, allows: LANES, ...fields };
}

function outcome(action: () => unknown): string {
  try {
    action();
    return "good";
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    return reasonName(error.reason);
  }
}

const verified = (signed: SignedAdminGrant, now = DURING) =>
  outcome(() => verifyAdminGrant(signed, TRUST, now));

describe("an admin grant", () => {
  it.each([
    ["key management", LANES],
    ["a repair", REPAIR],
  ])("for %s is read as it was signed", (_, allows) => {
    const signed = signAdminGrant(grant({ allows }), "alice", ADMIN);
    expect(verifyAdminGrant(signed, TRUST, DURING)).toEqual(grant({ allows }));
  });

  it("travels as the contract's JSON", () => {
    const signed = signAdminGrant(grant(), "alice", ADMIN);
    const message = fromJsonString(SignedAdminGrantSchema, signedAdminGrantJson(signed));
    expect(message.adminKeyId).toBe("alice");
    const again = { grantBytes: message.grant, adminKeyId: message.adminKeyId, signature: message.signature };
    expect(verifyAdminGrant(again, TRUST, DURING)).toEqual(grant());
  });

  it("counts only when a known admin key signed it for this signer and it has not expired", () => {
    const signed = signAdminGrant(grant(), "alice", ADMIN);
    expect(verified(signed)).toBe("good");
    // It may be installed before it holds.
    expect(verified(signed, new Date(0))).toBe("good");
    expect(verified(signed, new Date(T1.getTime() - 1))).toBe("good");
    expect(verified(signed, T1)).toBe("ADMIN_GRANT_INVALID");
    expect(verified({ ...signed, adminKeyId: "bob" })).toBe("ADMIN_GRANT_INVALID");
    expect(verified(signAdminGrant(grant(), "alice", STRANGER))).toBe("ADMIN_GRANT_INVALID");
    expect(verified(signAdminGrant(grant({ audience: "signer-2" }), "alice", ADMIN))).toBe(
      "ADMIN_GRANT_INVALID",
    );
    const forGrants = sign(null, inDomain("countersign signing grants v1", signed.grantBytes), ADMIN);
    expect(verified({ ...signed, signature: forGrants })).toBe("ADMIN_GRANT_INVALID");
    for (const i of signed.grantBytes.keys()) {
      const grantBytes = Uint8Array.from(signed.grantBytes);
      grantBytes[i] = (grantBytes[i] ?? 0) ^ 1;
      expect(verified({ ...signed, grantBytes })).toBe("ADMIN_GRANT_INVALID");
    }
  });

  it.each<[string, Partial<AdminGrant>]>([
    ["an id of other characters", { id: "a b" }],
    ["no audience", { audience: "" }],
    ["an end before its beginning", { expiresAt: T0 }],
    ["a time that is none", { notBefore: new Date(Number.NaN) }],
    ["no network", { allows: { ...LANES, network: "" } }],
    ["an account that NEAR does not take", { allows: { ...LANES, accountId: "Relay" } }],
    ["a public key that is none", { allows: { ...REPAIR, publicKey: "ed25519:abc" } }],
    ["a hash of another size", { allows: { ...REPAIR, oldPayloadHash: new Uint8Array(31) } }],
  ])("is not signed with %s", (_, fields) => {
    expect(outcome(() => signAdminGrant(grant(fields), "alice", ADMIN))).toBe("ADMIN_GRANT_INVALID");
  });

  it("is not read with fields that the signer does not know, or when it is none", () => {
    const bytes = encodeAdminGrant(grant());
    // Field 15, a varint.
    const extended = Buffer.concat([bytes, Buffer.from([0x78, 1])]);
    for (const broken of [extended, bytes.subarray(0, -1), new Uint8Array(), new Uint8Array(4_097)]) {
      expect(outcome(() => decodeAdminGrant(broken))).toBe("ADMIN_GRANT_INVALID");
    }
  });
});

describe("of the grants that are kept", () => {
  const kept = (fields: Partial<KeptAdminGrant> = {}): KeptAdminGrant => ({
    grant: grant(),
    ...signAdminGrant(grant(), "alice", ADMIN),
    revoked: false,
    used: false,
    ...fields,
  });

  it("those hold whose time it is, and which are neither revoked nor used", () => {
    expect(grantsThatHold([kept()], TRUST, DURING)).toEqual([grant()]);
    expect(grantsThatHold([kept()], TRUST, T0)).toEqual([grant()]);
    expect(grantsThatHold([kept()], TRUST, new Date(T0.getTime() - 1))).toEqual([]);
    expect(grantsThatHold([kept()], TRUST, T1)).toEqual([]);
    expect(grantsThatHold([kept({ revoked: true }), kept({ used: true })], TRUST, DURING)).toEqual([]);
  });

  it("none holds whose signature the store cannot show, nor one of an admin key that was removed", () => {
    const forged = kept({
      grant: grant({ expiresAt: new Date("2099-01-01") }),
      signature: new Uint8Array(64),
    });
    expect(grantsThatHold([forged, kept()], TRUST, DURING)).toEqual([grant()]);
    expect(grantsThatHold([kept()], { ...TRUST, adminKeys: new Map() }, DURING)).toEqual([]);
  });
});
