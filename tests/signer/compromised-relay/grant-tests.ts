import { randomBytes, sign } from "node:crypto";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import {
  Purpose,
  type SigningGrant,
  type SigningGrants,
} from "@countersign/gen/countersign/signer/v1/relayer_signer_pb.ts";
import { describe, expect, it } from "vitest";
import type { Call, CallOptions, Item } from "./compromised-relay.ts";
import { type Attacked, isSigned } from "./over-signers.ts";

const invalid = { reason: "SIGNER_GRANT_INVALID" };
const missing = { reason: "SIGNER_GRANT_MISSING" };
const used = { reason: "SIGNER_GRANT_USED" };
const inMs = (ms: number) => timestampFromDate(new Date(Date.now() + ms));

/** What is wrong with the one grant of a call, and with what stands around it. */
const ALTERED: [string, Partial<SigningGrant>, Partial<SigningGrants>?][] = [
  ["is for another payload", { payloadHash: randomBytes(32) }],
  ["has a longer payload hash", { payloadHash: randomBytes(33) }],
  ["has no payload hash", { payloadHash: new Uint8Array() }],
  ["is for another key", { keyId: "keeper" }],
  ["is for another purpose", { purpose: Purpose.TRANSFER }],
  ["is for no purpose", { purpose: Purpose.UNSPECIFIED }],
  ["is for a purpose of the future", { purpose: 99 as Purpose }],
  ["names a tenant at length", { tenant: "t".repeat(129) }],
  ["names a submission at length", { submissionId: "s".repeat(129) }],
  ["has an id of 15 bytes", { id: randomBytes(15) }],
  ["has no id", { id: new Uint8Array() }],
  ["says what the signer does not know", { $unknown: [{ no: 99, wireType: 0, data: Uint8Array.of(1) }] }],
  ["has expired", {}, { expiresAt: inMs(-1) }],
  ["holds for an hour", {}, { expiresAt: inMs(3_600_000) }],
  ["is for another signer", {}, { audience: "signer-2" }],
  ["is for no signer", {}, { audience: "" }],
  ["is for another network", {}, { network: "mainnet" }],
];

/** What is wrong with the signature over a grant, or with what was signed. */
const FORGED: [string, (on: Attacked, call: Call) => Partial<Call>][] = [
  ["with a bit changed", (_, { grants }) => ({ grants: flipped(grants) })],
  ["with a byte behind it", (_, { grants }) => ({ grants: Buffer.concat([bytes(grants), Buffer.of(0)]) })],
  ["under an unknown key", (_, call) => ({ grantsSignature: { ...signatureOf(call), keyId: "relay-2" } })],
  ["under an admin's key", (_, call) => ({ grantsSignature: { ...signatureOf(call), keyId: "ops" } })],
  [
    "with a bit of the signature changed",
    (_, call) => {
      const { keyId, signature } = signatureOf(call);
      return { grantsSignature: { keyId, signature: flipped(signature) } };
    },
  ],
  ["without its domain", (on, call) => ({ grantsSignature: signedAs(on, call, "") })],
  [
    "in another domain",
    (on, call) => ({ grantsSignature: signedAs(on, call, "countersign admin grant v1\0") }),
  ],
];

const bytes = (value: Uint8Array | undefined) => Buffer.from(value ?? []);
const flipped = (value: Uint8Array | undefined) => bytes(value).map((byte, i) => (i === 7 ? byte ^ 1 : byte));

function signatureOf({ grantsSignature }: Call) {
  return { keyId: grantsSignature?.keyId ?? "", signature: bytes(grantsSignature?.signature) };
}

function signedAs({ signer }: Attacked, call: Call, domain: string) {
  const { id, key } = signer.secrets.grantKey;
  return { keyId: id, signature: sign(null, Buffer.concat([Buffer.from(domain), bytes(call.grants)]), key) };
}

/** Grants that the attacker alters, forges or uses again. */
export function refusedGrants(on: Attacked): void {
  const ask = async (options: CallOptions) => on.relay.askOne(await on.transactions.good(), options);

  it.each(ALTERED)("are refused when one %s", async (_, grant, rest = {}) => {
    const grants = (all: SigningGrants) => {
      Object.assign(all, rest);
      for (const one of all.grants) Object.assign(one, grant);
    };
    expect(await ask({ grants })).toEqual(invalid);
  });

  it("are refused when one holds for ever, or stands beside another one", async () => {
    expect(await ask({ grants: (all) => void delete all.expiresAt })).toEqual(invalid);
    const beside = (all: SigningGrants) => {
      all.grants.push(...all.grants.map((grant) => ({ ...grant, id: randomBytes(16) })));
    };
    expect(await ask({ grants: beside })).toEqual(invalid);
  });

  it.each(FORGED)("are refused %s", async (_, forge) => {
    expect(await ask({ call: (call) => Object.assign(call, forge(on, call)) })).toEqual(invalid);
  });

  it("are refused when there are none, or fewer than transactions", async () => {
    expect(await ask({ call: (call) => void Object.assign(call, { grants: new Uint8Array() }) })).toEqual(
      missing,
    );
    expect(await ask({ call: (call) => void delete call.grantsSignature })).toEqual(missing);
    const items = [await on.transactions.good(), await on.transactions.good()];
    expect(await on.relay.ask(items, { grants: (all) => void all.grants.pop() })).toEqual([missing, missing]);
  });

  it("are refused for all of a call when one id stands twice, or two have changed places", async () => {
    const items = [await on.transactions.good(), await on.transactions.good()];
    const twice = (all: SigningGrants) => {
      for (const grant of all.grants) grant.id = Buffer.alloc(16, 1);
    };
    expect(await on.relay.ask(items, { grants: twice })).toEqual([invalid, invalid]);
    expect(await on.relay.ask(items, { grants: (all) => void all.grants.reverse() })).toEqual([
      invalid,
      invalid,
    ]);
  });

  it("may name whatever they like: what is signed and what is refused is on record", async () => {
    const named = (all: SigningGrants) => {
      for (const grant of all.grants) Object.assign(grant, { tenant: "\0\u{1f600}", submissionId: '"}\n{' });
    };
    expect(isSigned(await ask({ grants: named }))).toBe(true);
    const item = await on.transactions.good("paused");
    expect(await on.relay.askOne(item, { grants: named })).toEqual({ reason: "SIGNER_KEY_PAUSED" });
    const unknown = { ...item, keyId: "a\0b" };
    expect(await on.relay.askOne(unknown, { grants: named })).toEqual({ reason: "SIGNER_KEY_NOT_FOUND" });
  });

  it("are refused for bytes that are no grants, though the relay has signed them", async () => {
    const forge = (call: Call) => Object.assign(call, on.relay.signGrants(randomBytes(100).fill(0xff, 0, 8)));
    expect(await ask({ call: forge })).toEqual(invalid);
    const many = (all: SigningGrants) => {
      const [grant] = all.grants;
      all.grants = Array.from({ length: 400 }, () => ({ ...(grant as SigningGrant), id: randomBytes(16) }));
    };
    expect(await ask({ grants: many })).toEqual(invalid);
  });

  describe("that were used", () => {
    const withId = (id: Uint8Array): CallOptions => ({
      grants: (all) => {
        for (const grant of all.grants) grant.id = id;
      },
    });

    it("are refused again: as they are, for another payload, and signed anew for it", async () => {
      const [item, other] = [await on.transactions.good(), await on.transactions.good()];
      const id = randomBytes(16);
      const call = on.relay.call([item], withId(id));
      const [signed] = await on.relay.send(call, [item]);
      expect(signed).toEqual({ signed: expect.anything() });
      expect(await on.relay.send(call, [item])).toEqual([used]);
      const { keyId, transaction } = other;
      expect(await on.relay.send({ ...call, transactions: [{ keyId, transaction }] }, [other])).toEqual([
        invalid,
      ]);
      expect(await on.relay.askOne(other, withId(id))).toEqual(used);
      // Only a new grant gives the signature again.
      expect(await on.relay.askOne(item)).toEqual(signed);
    });

    it("are refused on every connection but one", async () => {
      const item = await on.transactions.good();
      const id = randomBytes(16);
      const outcomes = await Promise.all(
        Array.from({ length: 8 }, () => on.relay.askApart(item, withId(id))),
      );
      expect(outcomes.filter(isSigned)).toHaveLength(1);
      expect(outcomes.filter((outcome) => !isSigned(outcome))).toEqual(Array(7).fill(used));
    });

    it("are used up by a refusal of the journal too", async () => {
      const paused = await on.transactions.good("paused");
      const call = on.relay.call([paused]);
      expect(await on.relay.send(call, [paused])).toEqual([{ reason: "SIGNER_KEY_PAUSED" }]);
      expect(await on.relay.send(call, [paused])).toEqual([used]);
    });

    it("are refused after a restart of the signer", async () => {
      const items: Item[] = [await on.transactions.good(), await on.transactions.good()];
      const call = on.relay.call(items);
      expect((await on.relay.send(call, items)).map(isSigned)).toEqual([true, true]);
      on.relay.close();
      await on.signer.stop();
      await on.signer.resume();
      expect(await on.relay.send(call, items)).toEqual([used, used]);
    });
  });
}
