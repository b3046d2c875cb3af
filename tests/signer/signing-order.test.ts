import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { attachSignature, formatPublicKey } from "@countersign/near";
import { DomainError, reasonName } from "@countersign/service-kit";
import { privateKeyFromSeed } from "@countersign/signer-service/backends/keystore/ed25519-seed.ts";
import { KeystoreKey } from "@countersign/signer-service/backends/keystore/keystore-key.ts";
import type { Journal } from "@countersign/signer-service/journal/journal.ts";
import type { KeyBackend } from "@countersign/signer-service/relayer-signer/key-backend.ts";
import type { SigningResult } from "@countersign/signer-service/relayer-signer/signing-call.ts";
import { actions, PublicKey } from "near-api-js";
import { describe, expect, it } from "vitest";
import { randomisedBackend, startPipeline } from "./support/pipeline.ts";
import { transactionBytes } from "./support/transactions.ts";

const backend = new KeystoreKey(privateKeyFromSeed(new Uint8Array(32).fill(5)));
const nearKey = PublicKey.from(formatPublicKey(await backend.publicKey()));
const requests = [{ transaction: transactionBytes(nearKey) }];

/** A backend of the key whose signatures are made otherwise. */
const altered = (sign: KeyBackend["sign"]): KeyBackend => ({
  describe: () => "altered",
  publicKey: () => backend.publicKey(),
  sign,
});

const start = (of: KeyBackend, journal?: (journal: Journal) => Journal) =>
  startPipeline([{ keyId: "relayer-1", backend: of }], journal === undefined ? {} : { journal });

const reasonOf = (result: SigningResult | undefined) =>
  result?.kind === "refused" ? reasonName(result.reason) : result?.kind;

const storeAway = () =>
  Promise.reject(new DomainError(ErrorReason.SIGNER_STORE_UNAVAILABLE, "the store gives no answer"));

describe("the journal", () => {
  it("has the payload before a backend signs it, and the signature before it is released", async () => {
    const steps: string[] = [];
    const recorded = Promise.withResolvers<void>();
    const signing = altered((hash) => {
      steps.push("sign");
      return backend.sign(hash);
    });
    const { sign } = await start(signing, (journal) => ({
      async reserve(entries) {
        const answers = await journal.reserve(entries);
        steps.push("reserved");
        return answers;
      },
      async record(made) {
        steps.push("record");
        await recorded.promise;
        const kept = await journal.record(made);
        steps.push("recorded");
        return kept;
      },
    }));
    const released = sign({ requests }).finally(() => steps.push("released"));
    await expect.poll(() => steps).toEqual(["reserved", "sign", "record"]);
    recorded.resolve();
    expect((await released).map(reasonOf)).toEqual(["signed"]);
    expect(steps).toEqual(["reserved", "sign", "record", "recorded", "released"]);
  });

  it("that cannot reserve keeps everything from being signed", async () => {
    let signatures = 0;
    const counting = altered((hash) => {
      signatures++;
      return backend.sign(hash);
    });
    let isAway = true;
    const { sign } = await start(counting, (journal) => ({
      reserve: (entries) => (isAway ? storeAway() : journal.reserve(entries)),
      record: (made) => journal.record(made),
    }));
    await expect(sign({ requests })).rejects.toMatchObject({ reason: ErrorReason.SIGNER_STORE_UNAVAILABLE });
    expect(signatures).toBe(0);
    isAway = false;
    expect((await sign({ requests })).map(reasonOf)).toEqual(["signed"]);
  });

  it("that cannot record keeps everything from being released, and the call may be made again", async () => {
    const random = randomisedBackend();
    const key = PublicKey.from(formatPublicKey(await random.publicKey()));
    const call = { requests: [{ transaction: transactionBytes(key) }] };
    let isAway = true;
    const { sign } = await start(random, (journal) => ({
      reserve: (entries) => journal.reserve(entries),
      record: (made) => (isAway ? storeAway() : journal.record(made)),
    }));
    await expect(sign(call)).rejects.toMatchObject({ reason: ErrorReason.SIGNER_STORE_UNAVAILABLE });
    isAway = false;
    expect((await sign(call)).map(reasonOf)).toEqual(["signed"]);
    expect(random.signatures).toHaveLength(2);
  });
});

describe("one payload", () => {
  it("has one signature, whenever it is asked for and however many the backend would give", async () => {
    const random = randomisedBackend();
    const key = PublicKey.from(formatPublicKey(await random.publicKey()));
    const all = Promise.withResolvers<void>();
    let asked = 0;
    const { sign } = await start({
      ...random,
      // No signature before every call is here.
      async sign(hash) {
        asked++;
        if (asked === 3) all.resolve();
        await all.promise;
        return random.sign(hash);
      },
    });
    const call = { requests: [{ transaction: transactionBytes(key) }] };
    const concurrent = await Promise.all([sign(call), sign(call), sign(call)]);
    const later = await sign(call);
    const released = [...concurrent, later].map(([result]) =>
      result?.kind === "signed" ? Buffer.from(result.signedTransaction).toString("hex") : reasonOf(result),
    );
    expect(new Set(released).size).toBe(1);
    const made = random.signatures.map((data) =>
      Buffer.from(attachSignature(transactionBytes(key), { type: "secp256k1", data })).toString("hex"),
    );
    expect(made).toContain(released[0]);
    expect(new Set(made).size).toBe(3);
  });

  it("that stands twice in a call has one signature, too", async () => {
    const random = randomisedBackend();
    const key = PublicKey.from(formatPublicKey(await random.publicKey()));
    const item = { transaction: transactionBytes(key) };
    const [first, second] = await (await start(random)).sign({ requests: [item, item] });
    if (first?.kind !== "signed" || second?.kind !== "signed") throw new Error("not signed");
    expect(Buffer.from(second.signedTransaction)).toEqual(Buffer.from(first.signedTransaction));
  });

  it("is signed from the journal when the backend is away", async () => {
    let isAway = false;
    const { sign } = await start(
      altered((hash) => (isAway ? Promise.reject(new Error("away")) : backend.sign(hash))),
    );
    const [first] = await sign({ requests });
    isAway = true;
    expect((await sign({ requests }))[0]).toEqual(first);
  });
});

describe("a backend", () => {
  it("that gives a faulty signature has nothing of it released or kept, and may sign well later", async () => {
    let isFaulty = true;
    const recorded: Uint8Array[] = [];
    const { sign } = await start(
      altered(async (hash) =>
        (await backend.sign(hash)).map((byte, i) => (isFaulty && i === 40 ? byte ^ 1 : byte)),
      ),
      (journal) => ({
        reserve: (entries) => journal.reserve(entries),
        record: (made) => {
          recorded.push(...made.map(({ signature }) => signature));
          return journal.record(made);
        },
      }),
    );
    const [result] = await sign({ requests });
    expect(reasonOf(result)).toBe("SIGNER_SELF_CHECK_FAILED");
    expect(result).not.toHaveProperty("signedTransaction");
    expect(recorded).toEqual([]);
    isFaulty = false;
    expect((await sign({ requests })).map(reasonOf)).toEqual(["signed"]);
    expect(recorded).toHaveLength(1);
  });

  it("that throws is unavailable with a safe message, and the cause is kept for the log", async () => {
    const cause = new Error("token removed, PIN 1234");
    const { sign } = await start(altered(() => Promise.reject(cause)));
    const [result] = await sign({ requests });
    expect(result).toMatchObject({
      reason: ErrorReason.SIGNER_BACKEND_UNAVAILABLE,
      message: "the backend of key relayer-1 gave no signature",
      cause,
    });
  });

  it("that throws leaves the nonce to its payload: another one is refused, the same one is signed later", async () => {
    let isAway = true;
    const { sign } = await start(
      altered((hash) => (isAway ? Promise.reject(new Error("away")) : backend.sign(hash))),
    );
    expect((await sign({ requests })).map(reasonOf)).toEqual(["SIGNER_BACKEND_UNAVAILABLE"]);
    isAway = false;
    const other = transactionBytes(nearKey, { actions: [actions.transfer(2n)] });
    const both = await sign({ requests: [{ transaction: other }, ...requests] });
    expect(both.map(reasonOf)).toEqual(["SIGNER_NONCE_CONFLICT", "signed"]);
  });
});
