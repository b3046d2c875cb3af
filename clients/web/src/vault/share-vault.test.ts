import { relayerShare } from "@countersign/crypto/derive.ts";
import {
  aggregate,
  type Commitments,
  commit,
  groupKey,
  keyId,
  SCHEME_ID,
  type SigningPackage,
  signShare,
  verifyingShare,
} from "@countersign/crypto/frost-ed25519.ts";
import { type PossessionContext, proveEd25519 } from "@countersign/crypto/possession.ts";
import { describe, expect, it } from "vitest";
import { ShareVault } from "./share-vault.ts";
import type { VaultApi } from "./vault-api.ts";
import { VaultError, type VaultRefusal } from "./vault-error.ts";

const ACCOUNT = { accountId: "alice.near", rpId: "example.com" };
const CEREMONY = {
  network: "testnet",
  tenant: "tenant-1",
  user: "user-1",
  challenge: new Uint8Array(32).fill(9),
};
const DIGEST = new Uint8Array(32).fill(5);
const MASTER = new Uint8Array(32).fill(0x63);
const random = (bytes: number) => crypto.getRandomValues(new Uint8Array(bytes));
const prf = (byte = 7) => new Uint8Array(32).fill(byte).buffer;

/** The other side, with the same cryptography. */
class Relayer {
  readonly share: Uint8Array;
  readonly publicShare: Uint8Array;
  readonly clientPublicShare: Uint8Array;
  readonly groupKey: Uint8Array;

  constructor(clientPublicShare: Uint8Array) {
    this.clientPublicShare = clientPublicShare;
    this.share = relayerShare(MASTER, clientPublicShare, ACCOUNT.accountId, ACCOUNT.rpId);
    this.publicShare = verifyingShare(this.share);
    this.groupKey = groupKey(clientPublicShare, this.publicShare);
  }

  proof(changes: Partial<PossessionContext> = {}): Uint8Array {
    const ownShare = this.publicShare;
    const peerShare = this.clientPublicShare;
    const schemeId = SCHEME_ID;
    const context = { schemeId, role: "relayer", ...ACCOUNT, ...CEREMONY, ownShare, peerShare } as const;
    return proveEd25519(this.share, { ...context, ...changes }, random);
  }
}

function unlocked() {
  const vault = new ShareVault(random);
  const { shareId, verifyingShare: point } = vault.unlock({ prfFirst: prf(), ...ACCOUNT });
  const relayer = new Relayer(point);
  const key = { shareId, keyId: keyId(relayer.groupKey), relayerVerifyingShare: relayer.publicShare };
  return { vault, shareId, point, relayer, key };
}

function ready() {
  const made = unlocked();
  made.vault.adopt(made.key);
  const begin = () => made.vault.commit({ keyId: made.key.keyId, digest: DIGEST });
  const answer = (roundId: number, relayerCommitments: Commitments) =>
    made.vault.answer({ roundId, relayerCommitments, relayerVerifyingShare: made.relayer.publicShare });
  /** The relayer's second round, as it should be. */
  const relayerRound = (clientCommitments: Commitments) => {
    const { nonces, commitments } = commit(made.relayer.share, random);
    const signing: SigningPackage = {
      groupKey: made.relayer.groupKey,
      message: DIGEST,
      clientCommitments,
      relayerCommitments: commitments,
    };
    return { commitments, finish: () => signShare("relayer", made.relayer.share, nonces, signing), signing };
  };
  return { ...made, begin, answer, relayerRound };
}

function refusalOf(call: () => unknown): VaultRefusal {
  try {
    call();
  } catch (error) {
    if (error instanceof VaultError) return error.refusal;
    throw error;
  }
  return expect.fail("it should have refused");
}

describe("a share", () => {
  it("is derived from the PRF's result, which is erased", () => {
    const prfFirst = prf();
    const { verifyingShare: point } = new ShareVault(random).unlock({ prfFirst, ...ACCOUNT });
    expect(new Uint8Array(prfFirst)).toEqual(new Uint8Array(32));
    const again = new ShareVault(random).unlock({ prfFirst: prf(), ...ACCOUNT, rpId: "Example.COM" });
    expect(again.verifyingShare).toEqual(point);
  });

  it("is another one for another account, relying party and passkey", () => {
    const vault = new ShareVault(random);
    const ids = [
      vault.unlock({ prfFirst: prf(), ...ACCOUNT }),
      vault.unlock({ prfFirst: prf(), ...ACCOUNT, accountId: "bob.near" }),
      vault.unlock({ prfFirst: prf(), ...ACCOUNT, rpId: "other.example" }),
      vault.unlock({ prfFirst: prf(8), ...ACCOUNT }),
    ].map(({ shareId }) => shareId);
    expect(new Set(ids).size).toBe(4);
  });

  it("is not made of a PRF result of another size, which is erased as well", () => {
    const prfFirst = new Uint8Array(31).fill(7).buffer;
    expect(refusalOf(() => new ShareVault(random).unlock({ prfFirst, ...ACCOUNT }))).toBe("MALFORMED");
    expect(new Uint8Array(prfFirst)).toEqual(new Uint8Array(31));
  });

  it("is gone once the vault is locked, with its rounds", () => {
    const { vault, shareId, key, begin, answer, relayerRound } = ready();
    const { roundId, commitments } = begin();
    vault.lock();
    const { commitments: relayers } = relayerRound(commitments);
    expect(refusalOf(() => answer(roundId, relayers))).toBe("ROUND_SPENT");
    expect(refusalOf(begin)).toBe("LOCKED");
    expect(refusalOf(() => vault.prove({ shareId, ceremony: CEREMONY }))).toBe("LOCKED");
    expect(refusalOf(() => vault.adopt(key))).toBe("LOCKED");
  });
});

describe("a new key", () => {
  it("is taken after the relayer's proof", () => {
    const { vault, shareId, relayer, key } = unlocked();
    vault.prove({ shareId, ceremony: CEREMONY });
    vault.confirm({ ...key, relayerProof: relayer.proof() });
    expect(vault.commit({ keyId: key.keyId, digest: DIGEST }).roundId).toBe(1);
  });

  it.each<[string, Partial<PossessionContext>]>([
    ["another challenge", { challenge: new Uint8Array(32).fill(8) }],
    ["another network", { network: "mainnet" }],
    ["another tenant", { tenant: "tenant-2" }],
    ["another user", { user: "user-2" }],
    ["another account", { accountId: "bob.near" }],
    ["another relying party", { rpId: "other.example" }],
    ["another scheme", { schemeId: "threshold-ed25519-frost-2p-v2" }],
  ])("is not taken after a proof for %s", (_, changes) => {
    const { vault, shareId, relayer, key } = unlocked();
    vault.prove({ shareId, ceremony: CEREMONY });
    const relayerProof = relayer.proof(changes);
    expect(refusalOf(() => vault.confirm({ ...key, relayerProof }))).toBe("RELAYER_PROOF_INVALID");
    expect(refusalOf(() => vault.commit({ keyId: key.keyId, digest: DIGEST }))).toBe("LOCKED");
  });

  it("whose public share the relayer chose so that it holds the key alone is not taken", () => {
    // P_r = 2·P_c − x·B makes the group key x·B. There is no proof for it: here is the best that can be sent.
    const { vault, shareId, point, relayer } = unlocked();
    const own = new Uint8Array(32).fill(3, 0, 31);
    const rogueKey = verifyingShare(own);
    const rogueShare = groupKey(point, rogueKey);
    vault.prove({ shareId, ceremony: CEREMONY });
    const rogue = { shareId, keyId: keyId(rogueKey), relayerVerifyingShare: rogueShare };
    const relayerProof = proveEd25519(
      own,
      {
        schemeId: SCHEME_ID,
        role: "relayer",
        ...ACCOUNT,
        ...CEREMONY,
        ownShare: rogueKey,
        peerShare: point,
      },
      random,
    );
    expect(groupKey(point, rogueShare)).toEqual(rogueKey);
    expect(refusalOf(() => vault.confirm({ ...rogue, relayerProof }))).toBe("RELAYER_PROOF_INVALID");
    vault.prove({ shareId, ceremony: CEREMONY });
    const honest = relayer.proof();
    expect(refusalOf(() => vault.confirm({ ...rogue, relayerProof: honest }))).toBe("RELAYER_PROOF_INVALID");
  });

  it("of another name than its shares make is not taken", () => {
    const { vault, shareId, relayer, key } = unlocked();
    vault.prove({ shareId, ceremony: CEREMONY });
    const renamed = { ...key, keyId: keyId(relayer.publicShare) };
    expect(refusalOf(() => vault.confirm({ ...renamed, relayerProof: relayer.proof() }))).toBe(
      "KEY_MISMATCH",
    );
    expect(refusalOf(() => vault.adopt(renamed))).toBe("KEY_MISMATCH");
  });

  it("is confirmed once for one proof", () => {
    const { vault, shareId, relayer, key } = unlocked();
    const confirm = () => vault.confirm({ ...key, relayerProof: relayer.proof() });
    expect(refusalOf(confirm)).toBe("NOTHING_TO_CONFIRM");
    vault.prove({ shareId, ceremony: CEREMONY });
    confirm();
    expect(refusalOf(confirm)).toBe("NOTHING_TO_CONFIRM");
  });
});

describe("a round", () => {
  it("gives a signature that both shares made", () => {
    const { vault, begin, answer, relayerRound } = ready();
    const { roundId, commitments } = begin();
    const { commitments: relayers, finish, signing } = relayerRound(commitments);
    const clientShare = answer(roundId, relayers);
    const relayerSignatureShare = finish();
    const signature = aggregate(signing, clientShare, relayerSignatureShare);
    expect(vault.finish({ roundId, relayerSignatureShare, signature })).toEqual(signature);
  });

  it("answers once: three commitments of a relay that means harm get one share", () => {
    const { begin, answer, relayerRound } = ready();
    const { roundId, commitments } = begin();
    const answers = [1, 2, 3].map(() => {
      try {
        return answer(roundId, relayerRound(commitments).commitments);
      } catch (error) {
        return error;
      }
    });
    expect(answers[0]).toBeInstanceOf(Uint8Array);
    expect(answers.slice(1).map((e) => (e as VaultError).refusal)).toEqual(["ROUND_SPENT", "ROUND_SPENT"]);
  });

  it("answers once for identical commitments too", () => {
    const { begin, answer, relayerRound } = ready();
    const { roundId, commitments } = begin();
    const relayers = relayerRound(commitments).commitments;
    answer(roundId, relayers);
    expect(refusalOf(() => answer(roundId, relayers))).toBe("ROUND_SPENT");
  });

  it("has nonces of its own", () => {
    const { begin } = ready();
    const seen = [begin(), begin(), begin()].map(({ commitments }) => commitments.hiding.join());
    expect(new Set(seen).size).toBe(3);
  });

  it.each<
    [string, (of: Parameters<VaultApi["answer"]>[0]) => Parameters<VaultApi["answer"]>[0], VaultRefusal]
  >([
    [
      "a commitment that is no point",
      (of) => ({
        ...of,
        relayerCommitments: { ...of.relayerCommitments, hiding: new Uint8Array(32).fill(0xff) },
      }),
      "MALFORMED",
    ],
    [
      "the identity as commitment",
      (of) => ({
        ...of,
        relayerCommitments: { ...of.relayerCommitments, binding: Uint8Array.of(1, ...new Uint8Array(31)) },
      }),
      "MALFORMED",
    ],
    [
      "another public share of the relayer",
      (of) => ({ ...of, relayerVerifyingShare: of.relayerCommitments.hiding }),
      "KEY_MISMATCH",
    ],
  ])("that met %s is over: nothing is answered any more", (_, change, refusal) => {
    const { vault, begin, relayer, relayerRound } = ready();
    const { roundId, commitments } = begin();
    const relayerCommitments = relayerRound(commitments).commitments;
    const good = { roundId, relayerCommitments, relayerVerifyingShare: relayer.publicShare };
    expect(refusalOf(() => vault.answer(change(good)))).toBe(refusal);
    expect(refusalOf(() => vault.answer(good))).toBe("ROUND_SPENT");
  });

  it.each([
    ["share", 0],
    ["signature", 1],
  ] as const)("is not finished with a relayer's %s of which a bit is wrong", (_, which) => {
    const { vault, begin, answer, relayerRound } = ready();
    const { roundId, commitments } = begin();
    const { commitments: relayers, finish, signing } = relayerRound(commitments);
    const clientShare = answer(roundId, relayers);
    const relayerSignatureShare = finish();
    const signature = aggregate(signing, clientShare, relayerSignatureShare);
    const tampered = [relayerSignatureShare, signature][which];
    if (tampered !== undefined) tampered[0] = (tampered[0] ?? 0) ^ 1;
    const end = () => vault.finish({ roundId, relayerSignatureShare, signature });
    expect(refusalOf(end)).toBe("RELAYER_SHARE_INVALID");
    expect(refusalOf(end)).toBe("ROUND_SPENT");
  });

  it("that is abandoned answers nothing", () => {
    const { vault, begin, answer, relayerRound } = ready();
    const { roundId, commitments } = begin();
    vault.abandon({ roundId });
    expect(refusalOf(() => answer(roundId, relayerRound(commitments).commitments))).toBe("ROUND_SPENT");
  });

  it("is abandoned when 64 younger ones are open", () => {
    const { begin, answer, relayerRound } = ready();
    const { roundId, commitments } = begin();
    for (let i = 0; i < 64; i++) begin();
    expect(refusalOf(() => answer(roundId, relayerRound(commitments).commitments))).toBe("ROUND_SPENT");
  });
});
