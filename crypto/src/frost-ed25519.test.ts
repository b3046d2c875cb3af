import { createPublicKey, randomBytes, verify } from "node:crypto";
import { ED25519_TORSION_SUBGROUP, ed25519, ed25519_FROST } from "@noble/curves/ed25519.js";
import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import { describe, expect, it } from "vitest";
import {
  aggregate,
  assertPoint,
  type Commitments,
  commit,
  FrostError,
  groupKey,
  keyId,
  type SigningPackage,
  signShare,
  verifyingShare,
  verifyShare,
} from "./frost-ed25519.ts";

const { Point } = ed25519;
const { Fn } = Point;
const ORDER = hexToBytes("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
const ZERO = new Uint8Array(32);
const random = (bytes: number) => new Uint8Array(randomBytes(bytes));
const randomScalar = () => ed25519_FROST.utils.randomScalar();
const torsion = (index: number) => hexToBytes(ED25519_TORSION_SUBGROUP[index] ?? "");

/** What is no canonical encoding of a point of the prime-order group that a participant may have. */
const BAD_POINTS: Readonly<Record<string, Uint8Array>> = {
  nothing: new Uint8Array(0),
  "31 bytes": random(32).subarray(1),
  "33 bytes": Uint8Array.from([...Point.BASE.toBytes(), 0]),
  "the identity": torsion(0),
  ...Object.fromEntries([1, 2, 3, 4, 5, 6, 7].map((i) => [`the point of small order ${i}`, torsion(i)])),
  ...Object.fromEntries(
    [1, 3, 4, 5].map((i) => {
      const mixed = Point.BASE.multiply(7n).add(Point.fromBytes(torsion(i)));
      return [`a good point with torsion ${i}`, mixed.toBytes()];
    }),
  ),
  "y = p": hexToBytes("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
  "y = p + 1": hexToBytes("eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
  "y = 2^255 - 1": hexToBytes("ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
  "y with no x": hexToBytes("0200000000000000000000000000000000000000000000000000000000000000"),
  "all ones": new Uint8Array(32).fill(255),
};

/** What is no canonical scalar. */
const BAD_SCALARS: Readonly<Record<string, Uint8Array>> = {
  nothing: new Uint8Array(0),
  "31 bytes": new Uint8Array(31).fill(1),
  "33 bytes": new Uint8Array(33).fill(1),
  "the order": ORDER,
  "the order and one": Uint8Array.from(ORDER, (byte, i) => (i === 0 ? byte + 1 : byte)),
  "2^255": Uint8Array.from(ZERO, (_, i) => (i === 31 ? 0x80 : 0)),
  "all ones": new Uint8Array(32).fill(255),
};

function ceremony(message: Uint8Array = random(32)) {
  const [clientShare, relayerShare] = [randomScalar(), randomScalar()];
  const [client, relayer] = [commit(clientShare, random), commit(relayerShare, random)];
  const [clientPoint, relayerPoint] = [verifyingShare(clientShare), verifyingShare(relayerShare)];
  const signing: SigningPackage = {
    groupKey: groupKey(clientPoint, relayerPoint),
    message,
    clientCommitments: client.commitments,
    relayerCommitments: relayer.commitments,
  };
  return { clientShare, relayerShare, client, relayer, clientPoint, relayerPoint, signing };
}

function signed(made = ceremony()) {
  const clientSignatureShare = signShare(
    "client",
    made.clientShare,
    made.client.nonces.slice(),
    made.signing,
  );
  const relayerSignatureShare = signShare(
    "relayer",
    made.relayerShare,
    made.relayer.nonces.slice(),
    made.signing,
  );
  return { ...made, clientSignatureShare, relayerSignatureShare };
}

function systemVerifies(signature: Uint8Array, message: Uint8Array, key: Uint8Array): boolean {
  const der = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), key]);
  return verify(null, message, createPublicKey({ key: der, format: "der", type: "spki" }), signature);
}

/** The same, as noble's own FROST names it. */
function asNoble({ signing, clientPoint, relayerPoint }: ReturnType<typeof ceremony>) {
  const [client, relayer] = [ed25519_FROST.Identifier.fromNumber(1), ed25519_FROST.Identifier.fromNumber(2)];
  return {
    client,
    relayer,
    key: {
      signers: { min: 2, max: 2 },
      commitments: [Uint8Array.from(signing.groupKey)],
      verifyingShares: { [client]: Uint8Array.from(clientPoint), [relayer]: Uint8Array.from(relayerPoint) },
    },
    commitments: [named(client, signing.clientCommitments), named(relayer, signing.relayerCommitments)],
  };
}

function named(identifier: string, { hiding, binding }: Commitments) {
  return { identifier, hiding: Uint8Array.from(hiding), binding: Uint8Array.from(binding) };
}

describe("two shares", () => {
  it.each([0, 1, 32, 64, 1000])("sign %i bytes so that the system's Ed25519 verifies it", (length) => {
    for (let i = 0; i < 5; i++) {
      const made = signed(ceremony(random(length)));
      const { signing, clientPoint, relayerPoint, clientSignatureShare, relayerSignatureShare } = made;
      expect(verifyShare("client", clientPoint, clientSignatureShare, signing)).toBe(true);
      expect(verifyShare("relayer", relayerPoint, relayerSignatureShare, signing)).toBe(true);
      const signature = aggregate(signing, clientSignatureShare, relayerSignatureShare);
      expect(systemVerifies(signature, signing.message, signing.groupKey)).toBe(true);
    }
  });

  it("give what noble's FROST gives", () => {
    for (let i = 0; i < 10; i++) {
      const made = signed();
      const seed = random(32);
      const secret = { identifier: ed25519_FROST.Identifier.fromNumber(1), signingShare: made.clientShare };
      const theirRound = ed25519_FROST.commit(secret, () => Uint8Array.from(seed));
      const ourRound = commit(made.clientShare, () => seed.slice());
      expect(ourRound.nonces).toEqual(
        Uint8Array.from([...theirRound.nonces.hiding, ...theirRound.nonces.binding]),
      );
      expect(ourRound.commitments.hiding).toEqual(theirRound.commitments.hiding);
      const { signing, client, relayer, clientShare, relayerShare } = made;
      const noble = asNoble(made);
      const theirs = [
        { id: noble.client, share: clientShare, nonces: client.nonces },
        { id: noble.relayer, share: relayerShare, nonces: relayer.nonces },
      ].map(({ id, share, nonces }) =>
        ed25519_FROST.signShare(
          { identifier: id, signingShare: share },
          noble.key,
          {
            hiding: Uint8Array.from(nonces.subarray(0, 32)),
            binding: Uint8Array.from(nonces.subarray(32)),
          },
          noble.commitments,
          Uint8Array.from(signing.message),
        ),
      );
      const ours = [made.clientSignatureShare, made.relayerSignatureShare];
      expect(ours.map(bytesToHex)).toEqual(theirs.map(bytesToHex));
      const [clientTheirs, relayerTheirs] = theirs;
      if (clientTheirs === undefined || relayerTheirs === undefined) throw new Error("two shares");
      const signature = ed25519_FROST.aggregate(
        noble.key,
        noble.commitments,
        Uint8Array.from(signing.message),
        {
          [noble.client]: clientTheirs,
          [noble.relayer]: relayerTheirs,
        },
      );
      expect(bytesToHex(aggregate(signing, clientTheirs, relayerTheirs))).toBe(bytesToHex(signature));
    }
  });

  it("combine to the key that belongs to 2·x_c − x_r", () => {
    const { clientShare, relayerShare, signing } = ceremony();
    const [xc, xr] = [Fn.fromBytes(clientShare), Fn.fromBytes(relayerShare)];
    const whole = Point.BASE.multiply(Fn.sub(Fn.add(xc, xc), xr));
    expect(bytesToHex(whole.toBytes())).toBe(bytesToHex(signing.groupKey));
    expect(keyId(signing.groupKey)).toMatch(/^ed25519:[1-9A-HJ-NP-Za-km-z]{43,44}$/);
  });

  it("are refused when they cancel each other out", () => {
    const share = randomScalar();
    const twice = Fn.toBytes(Fn.create(2n * Fn.fromBytes(share)));
    expect(() => groupKey(verifyingShare(share), verifyingShare(twice))).toThrow(FrostError);
  });
});

describe("a share of another ceremony", () => {
  it.each([
    ["message", { message: random(32) }],
    ["group key", { groupKey: ceremony().signing.groupKey }],
    ["client's commitments", { clientCommitments: ceremony().signing.clientCommitments }],
    ["relayer's commitments", { relayerCommitments: ceremony().signing.relayerCommitments }],
  ])("does not verify under another %s", (_, change) => {
    const { signing, clientPoint, clientSignatureShare, relayerSignatureShare } = signed();
    const other = { ...signing, ...change };
    expect(verifyShare("client", clientPoint, clientSignatureShare, other)).toBe(false);
    expect(() => aggregate(other, clientSignatureShare, relayerSignatureShare)).toThrow(FrostError);
  });

  it("does not verify in the other role, under another verifying share, or with a bit changed", () => {
    const { signing, clientPoint, relayerPoint, clientSignatureShare, relayerSignatureShare } = signed();
    expect(verifyShare("relayer", clientPoint, clientSignatureShare, signing)).toBe(false);
    expect(verifyShare("client", relayerPoint, clientSignatureShare, signing)).toBe(false);
    expect(() => aggregate(signing, relayerSignatureShare, relayerSignatureShare)).toThrow(FrostError);
    for (let bit = 0; bit < 252; bit += 7) {
      const changed = clientSignatureShare.slice();
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      let verdict = false;
      try {
        verdict = verifyShare("client", clientPoint, changed, signing);
      } catch (error) {
        expect(error).toBeInstanceOf(FrostError);
      }
      expect(verdict).toBe(false);
    }
  });

  it("with both hiding and binding commitment exchanged does not verify", () => {
    const { signing, clientPoint, clientSignatureShare } = signed();
    const { hiding, binding } = signing.clientCommitments;
    const exchanged = { ...signing, clientCommitments: { hiding: binding, binding: hiding } };
    expect(verifyShare("client", clientPoint, clientSignatureShare, exchanged)).toBe(false);
  });
});

describe("nonces", () => {
  it("are zero after a share, and zeros sign nothing", () => {
    const { clientShare, client, signing } = ceremony();
    signShare("client", clientShare, client.nonces, signing);
    expect(client.nonces).toEqual(new Uint8Array(64));
    expect(() => signShare("client", clientShare, client.nonces, signing)).toThrow(FrostError);
  });

  it("are zero after a refusal too", () => {
    const { clientShare, client, signing } = ceremony();
    const relayerCommitments = { ...signing.relayerCommitments, hiding: torsion(0) };
    expect(() => signShare("client", clientShare, client.nonces, { ...signing, relayerCommitments })).toThrow(
      FrostError,
    );
    expect(client.nonces).toEqual(new Uint8Array(64));
  });

  it("sign only a package with their own commitments", () => {
    const { clientShare, client, signing } = ceremony();
    const other = ceremony().signing;
    for (const clientCommitments of [
      other.clientCommitments,
      { ...signing.clientCommitments, binding: other.clientCommitments.binding },
      { ...signing.clientCommitments, hiding: other.clientCommitments.hiding },
      signing.relayerCommitments,
    ]) {
      const nonces = client.nonces.slice();
      expect(() => signShare("client", clientShare, nonces, { ...signing, clientCommitments })).toThrow(
        FrostError,
      );
    }
  });

  it("differ each time, even from a generator that repeats itself for other shares", () => {
    const constant = (bytes: number) => new Uint8Array(bytes).fill(7);
    const [a, b] = [commit(randomScalar(), constant), commit(randomScalar(), constant)];
    expect(a.nonces).not.toEqual(b.nonces);
    const share = randomScalar();
    expect(commit(share, random).nonces).not.toEqual(commit(share, random).nonces);
  });

  it("are not made of a generator that gives too little", () => {
    expect(() => commit(randomScalar(), () => random(31))).toThrow(FrostError);
  });

  it.each([0, 32, 63, 65])("of %i bytes are refused", (length) => {
    const { clientShare, signing } = ceremony();
    expect(() => signShare("client", clientShare, random(length).fill(1), signing)).toThrow(FrostError);
  });

  it("of which one half is zero are refused", () => {
    const { clientShare, client, signing } = ceremony();
    for (const half of [0, 32]) {
      const nonces = client.nonces.slice().fill(0, half, half + 32);
      expect(() => signShare("client", clientShare, nonces, signing)).toThrow(FrostError);
    }
  });
});

describe.each(Object.entries(BAD_POINTS))("as a point, %s", (_, bad) => {
  it("is refused everywhere, again and again", () => {
    const made = signed();
    const { clientShare, relayerShare, client, relayer, clientPoint, relayerPoint, signing } = made;
    const packages: SigningPackage[] = [
      { ...signing, groupKey: bad },
      { ...signing, clientCommitments: { ...signing.clientCommitments, hiding: bad } },
      { ...signing, clientCommitments: { ...signing.clientCommitments, binding: bad } },
      { ...signing, relayerCommitments: { ...signing.relayerCommitments, hiding: bad } },
      { ...signing, relayerCommitments: { ...signing.relayerCommitments, binding: bad } },
    ];
    for (let again = 0; again < 2; again++) {
      expect(() => assertPoint(bad)).toThrow(FrostError);
      expect(() => groupKey(bad, relayerPoint)).toThrow(FrostError);
      expect(() => groupKey(clientPoint, bad)).toThrow(FrostError);
      expect(() => verifyShare("client", bad, made.clientSignatureShare, signing)).toThrow(FrostError);
      for (const pkg of packages) {
        expect(() => signShare("client", clientShare, client.nonces.slice(), pkg)).toThrow(FrostError);
        expect(() => signShare("relayer", relayerShare, relayer.nonces.slice(), pkg)).toThrow(FrostError);
        expect(() => verifyShare("client", clientPoint, made.clientSignatureShare, pkg)).toThrow(FrostError);
        expect(() => aggregate(pkg, made.clientSignatureShare, made.relayerSignatureShare)).toThrow(
          FrostError,
        );
      }
    }
  });
});

describe.each(Object.entries(BAD_SCALARS))("as a scalar, %s", (_, bad) => {
  it("is refused everywhere", () => {
    const { client, signing, clientPoint, clientSignatureShare, relayerSignatureShare } = signed();
    expect(() => verifyingShare(bad)).toThrow(FrostError);
    expect(() => commit(bad, random)).toThrow(FrostError);
    expect(() => signShare("client", bad, client.nonces.slice(), signing)).toThrow(FrostError);
    expect(() => verifyShare("client", clientPoint, bad, signing)).toThrow(FrostError);
    expect(() => aggregate(signing, bad, relayerSignatureShare)).toThrow(FrostError);
    expect(() => aggregate(signing, clientSignatureShare, bad)).toThrow(FrostError);
  });
});

describe("zero", () => {
  it("is no share, and as a signature share it is wrong", () => {
    const { client, signing, clientPoint } = signed();
    expect(() => verifyingShare(ZERO)).toThrow(FrostError);
    expect(() => commit(ZERO, random)).toThrow(FrostError);
    expect(() => signShare("client", ZERO, client.nonces.slice(), signing)).toThrow(FrostError);
    expect(verifyShare("client", clientPoint, ZERO, signing)).toBe(false);
  });
});

describe("aggregate", () => {
  it("takes the verdict of the verifier it is given", () => {
    const { signing, clientSignatureShare, relayerSignatureShare } = signed();
    const seen: boolean[] = [];
    aggregate(signing, clientSignatureShare, relayerSignatureShare, (signature, message, key) => {
      seen.push(systemVerifies(signature, message, key));
      return true;
    });
    expect(seen).toEqual([true]);
    expect(() => aggregate(signing, clientSignatureShare, relayerSignatureShare, () => false)).toThrow(
      FrostError,
    );
  });

  it("refuses a good share beside a bad one", () => {
    const { signing, clientSignatureShare } = signed();
    expect(() => aggregate(signing, clientSignatureShare, randomScalar())).toThrow(FrostError);
  });
});
