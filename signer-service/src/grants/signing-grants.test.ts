import { generateKeyPairSync, sign } from "node:crypto";
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Purpose, SigningGrantsSchema } from "@countersign/gen/countersign/signer/v1/relayer_signer_pb.ts";
import { formatPublicKey } from "@countersign/near";
import { DomainError, reasonName } from "@countersign/service-kit";
import { describe, expect, it } from "vitest";
import { publicKeyOf } from "../backends/keystore/ed25519-seed.ts";
import { inDomain, type SigningDomain } from "./signing-domain.ts";
import { type SignedGrants, verifySigningGrants } from "./signing-grants.ts";
import { trustedKeys } from "./trusted-keys.ts";

const NOW = 1_800_000_000_000;
const OLD = generateKeyPairSync("ed25519").privateKey;
const NEW = generateKeyPairSync("ed25519").privateKey;
const STRANGER = generateKeyPairSync("ed25519").privateKey;
const publicText = (key: typeof OLD) => formatPublicKey(publicKeyOf(key));
const KEYS = trustedKeys([
  { id: "relay-old", public_key: publicText(OLD) },
  { id: "relay-new", public_key: publicText(NEW) },
]);
const HASH = new Uint8Array(32).fill(9);
const ITEM = { keyId: "relayer-1", payloadHash: HASH };

function grant(fields: object = {}) {
  return {
    id: new Uint8Array(16).fill(1),
    keyId: "relayer-1",
    tenant: "acme",
    submissionId: "sub-1",
    purpose: Purpose.DELEGATE,
    payloadHash: HASH,
    ...fields,
  };
}

function bytesOf(fields: MessageInitShape<typeof SigningGrantsSchema> = {}): Uint8Array {
  return toBinary(
    SigningGrantsSchema,
    create(SigningGrantsSchema, {
      audience: "signer-1",
      network: "testnet",
      expiresAt: timestampFromMs(NOW + 60_000),
      grants: [grant()],
      ...fields,
    }),
  );
}

function signed(
  bytes: Uint8Array,
  { key = OLD, keyId = "relay-old", domain = "countersign signing grants v1" as SigningDomain } = {},
): SignedGrants {
  return {
    bytes,
    signature: { keyId, signature: sign(null, inDomain(domain, bytes), key) },
    keys: KEYS,
    audience: "signer-1",
    network: "testnet",
    items: [ITEM],
    now: new Date(NOW),
  };
}

async function outcome(grants: SignedGrants): Promise<string> {
  try {
    return `${(await verifySigningGrants(grants)).length} verified`;
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    return reasonName(error.reason);
  }
}

const INVALID = "SIGNER_GRANT_INVALID";
const MISSING = "SIGNER_GRANT_MISSING";

describe("grants of a relay's key", () => {
  it("are told with what the journal keeps, in the items' order", async () => {
    const second = grant({
      id: new Uint8Array(16).fill(2),
      purpose: Purpose.TRANSFER,
      tenant: "",
      submissionId: "",
    });
    const grants = { ...signed(bytesOf({ grants: [grant(), second] })), items: [ITEM, ITEM] };
    const expiresAt = new Date(NOW + 60_000);
    expect(await verifySigningGrants(grants)).toEqual([
      {
        id: new Uint8Array(16).fill(1),
        tenant: "acme",
        submissionId: "sub-1",
        purpose: "DELEGATE",
        expiresAt,
      },
      { id: new Uint8Array(16).fill(2), tenant: "", submissionId: "", purpose: "TRANSFER", expiresAt },
    ]);
  });

  it("are taken from both keys while they change", async () => {
    expect(await outcome(signed(bytesOf(), { key: NEW, keyId: "relay-new" }))).toBe("1 verified");
    expect(await outcome(signed(bytesOf(), { key: NEW, keyId: "relay-old" }))).toBe(INVALID);
  });

  it("hold until they expire, at most five minutes ahead", async () => {
    const until = (ms: number) => outcome(signed(bytesOf({ expiresAt: timestampFromMs(NOW + ms) })));
    expect([await until(1), await until(300_000)]).toEqual(["1 verified", "1 verified"]);
    expect([await until(0), await until(-1), await until(300_001)]).toEqual([INVALID, INVALID, INVALID]);
    const never = create(SigningGrantsSchema, {
      audience: "signer-1",
      network: "testnet",
      grants: [grant()],
    });
    expect(await outcome(signed(toBinary(SigningGrantsSchema, never)))).toBe(INVALID);
  });
});

describe("grants are missing", () => {
  it("when the call brings none, no signature, or too few", async () => {
    expect(await outcome(signed(new Uint8Array()))).toBe(MISSING);
    expect(await outcome({ ...signed(bytesOf()), signature: undefined })).toBe(MISSING);
    expect(await outcome({ ...signed(bytesOf()), items: [ITEM, ITEM] })).toBe(MISSING);
  });
});

describe("grants are invalid", () => {
  it("under another key, another domain, or an altered signature", async () => {
    expect(await outcome(signed(bytesOf(), { key: STRANGER }))).toBe(INVALID);
    expect(await outcome(signed(bytesOf(), { keyId: "relay-9" }))).toBe(INVALID);
    expect(await outcome(signed(bytesOf(), { domain: "countersign admin grant v1" }))).toBe(INVALID);
    const { signature, ...others } = signed(bytesOf());
    for (const length of [0, 63, 65]) {
      const cut = Uint8Array.from({ length }, (_, i) => signature?.signature[i] ?? 0);
      expect(await outcome({ ...others, signature: { keyId: "relay-old", signature: cut } })).toBe(INVALID);
    }
  });

  it("with any byte altered after they were signed", async () => {
    const bytes = bytesOf();
    for (const i of bytes.keys()) {
      const altered = Uint8Array.from(bytes);
      altered[i] = (bytes[i] ?? 0) ^ 1;
      expect(await outcome({ ...signed(bytes), bytes: altered })).toBe(INVALID);
    }
  });

  it.each([
    ["another signer", { audience: "signer-2" }],
    ["another network", { network: "mainnet" }],
    ["another key", { grants: [grant({ keyId: "relayer-2" })] }],
    ["another payload", { grants: [grant({ payloadHash: new Uint8Array(32) })] }],
    ["half a payload hash", { grants: [grant({ payloadHash: HASH.subarray(0, 16) })] }],
    ["no purpose", { grants: [grant({ purpose: Purpose.UNSPECIFIED })] }],
    ["a purpose of the future", { grants: [grant({ purpose: 99 as Purpose })] }],
    ["a short id", { grants: [grant({ id: new Uint8Array(15) })] }],
    ["a long tenant", { grants: [grant({ tenant: "a".repeat(129) })] }],
    ["a long submission", { grants: [grant({ submissionId: "a".repeat(129) })] }],
    ["more transactions than there are", { grants: [grant(), grant({ id: new Uint8Array(16) })] }],
  ])("for %s", async (_, fields) => expect(await outcome(signed(bytesOf(fields)))).toBe(INVALID));

  it("when one occurs twice in a call", async () => {
    const twice = { ...signed(bytesOf({ grants: [grant(), grant()] })), items: [ITEM, ITEM] };
    expect(await outcome(twice)).toBe(INVALID);
  });

  it("when they hold fields that the signer does not know, or are no message at all", async () => {
    // Field 15, a varint.
    expect(await outcome(signed(Buffer.concat([bytesOf(), Buffer.from([0x78, 1])])))).toBe(INVALID);
    expect(await outcome(signed(Buffer.from([0xff])))).toBe(INVALID);
    expect(await outcome(signed(new Uint8Array(65_537)))).toBe(INVALID);
  });
});
