import { create, toBinary, toJsonString } from "@bufbuild/protobuf";
import { SubmitDelegateRequestSchema } from "@countersign/gen/countersign/relay/v1/relay_pb.ts";
import { SubmissionState, WaitUntil } from "@countersign/gen/countersign/relay/v1/submission_pb.ts";
import { decodeSignedDelegate, delegateHash, encodeSignedDelegate } from "@countersign/near";
import { type App, createApp } from "@countersign/server/app.ts";
import { createLogger } from "@countersign/service-kit";
import { base58 } from "@scure/base";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chainAtRest } from "../support/exactly-once.ts";
import { type RelayWorld, startRelayWorld } from "../support/relay-world.ts";
import { finishAll } from "../support/submitting.ts";
import { NETWORK, relayClient } from "../support/test-relay.ts";
import { mutation } from "./mutations.ts";
import { type ContentType, DECLARED, RawCalls } from "./raw-calls.ts";

const SEED = 20_261_121;
const WALLETS = 40;
/** How many calls are under way at once. */
const BATCH = 50;
const TIMEOUT_MS = 180_000;

/** Bytes to send, and how. */
interface Call {
  readonly body: Uint8Array;
  readonly contentType: ContentType;
}

describe("SubmitDelegate under mutated bytes", () => {
  let world: RelayWorld;
  let app: App;
  let calls: RawCalls;
  /** Valid delegates, none of them submitted as it is. */
  let valid: readonly Uint8Array[];
  const faults: string[] = [];
  const onFault = (error: unknown) => faults.push(String(error));
  const counts = new Map<string, number>();

  beforeAll(async () => {
    process.on("unhandledRejection", onFault);
    world = await startRelayWorld({ wallets: WALLETS });
    app = await createApp(world.config, { log: createLogger("relay", "silent") });
    calls = new RawCalls(app.address);
    valid = await Promise.all(
      world.wallets.flatMap((wallet) => [1n, 2n, 3n].map((nonce) => wallet.delegate({ nonce }))),
    );
  });
  afterAll(async () => {
    process.off("unhandledRejection", onFault);
    calls.close();
    await app.stop();
    await world.stop();
  });

  const piece = (i: number) => valid[i % valid.length] ?? new Uint8Array();
  const picks = fc.tuple(fc.nat({ max: WALLETS * 3 - 1 }), fc.nat({ max: WALLETS * 3 - 1 }), mutation);
  const contentTypes = fc.constantFrom<ContentType>("application/proto", "application/json");

  /** Sends one and tells what is wrong with the answer. */
  async function judge({ body, contentType }: Call): Promise<string | undefined> {
    const answer = await calls.submitDelegate(body, contentType);
    const name = answer.ok ? "accepted" : answer.reason;
    counts.set(name, (counts.get(name) ?? 0) + 1);
    if (answer.ok || DECLARED.has(answer.reason)) return undefined;
    return `${answer.reason} for ${contentType} ${Buffer.from(body).toString("hex")}`;
  }

  /** Every delegate that the ledger took is one that its wallet signed, byte for byte. */
  async function nothingForeignWasTaken(): Promise<void> {
    const signed = new Map(valid.map((bytes) => [delegateHashOf(bytes), unsignedPart(bytes)]));
    const rows = await world.rows<{ payload: Uint8Array; delegate_hash: string }>(
      "select payload, delegate_hash from submissions",
    );
    for (const { payload, delegate_hash } of rows) {
      expect(signed.get(delegate_hash)).toBe(unsignedPart(payload));
    }
    for (const { hash } of world.devnet.chain.log) {
      const [action] = world.devnet.chain.record(hash)?.transaction.actions ?? [];
      expect(action?.kind).toBe("Delegate");
      if (action?.kind === "Delegate") expect(signed.has(base58.encode(action.signedHash))).toBe(true);
    }
  }

  async function survives(runs: number, call: fc.Arbitrary<() => Call>): Promise<void> {
    await fc.assert(
      // Without fast-check's preference for small numbers, which would change the first bytes again and again.
      fc.asyncProperty(fc.noBias(fc.array(call, { minLength: BATCH, maxLength: BATCH })), async (batch) => {
        const wrong = (await Promise.all(batch.map((make) => judge(make())))).filter((w) => w !== undefined);
        expect(wrong).toEqual([]);
        expect(faults).toEqual([]);
      }),
      { seed: SEED, numRuns: runs / BATCH, endOnFailure: true },
    );
    expect((await fetch(`${app.operationsAddress}/healthz`)).status).toBe(200);
    await nothingForeignWasTaken();
  }

  it(
    "refuses 7,000 mutations of a SignedDelegate with declared reasons, and relays no changed delegate",
    () =>
      survives(
        7_000,
        fc.tuple(picks, contentTypes).map(([[i, j, change], contentType]) => () => {
          const mutated = change(piece(i), piece(j));
          return request(mutated, contentType);
        }),
      ),
    TIMEOUT_MS,
  );

  it(
    "answers 3,000 mutations of the request's bytes with declared reasons, and relays no changed delegate",
    () =>
      survives(
        3_000,
        fc.tuple(picks, contentTypes).map(([[i, j, change], contentType]) => () => {
          const original = request(piece(i), contentType).body;
          return { body: change(original, request(piece(j), contentType).body), contentType };
        }),
      ),
    TIMEOUT_MS,
  );

  it("and went on to relay what wallets signed", async () => {
    process.stderr.write(`mutations with seed ${SEED}: ${JSON.stringify([...counts])}\n`);
    // Every rule that bytes alone can break was met.
    for (const reason of ["DELEGATE_MALFORMED", "DELEGATE_SIGNATURE_INVALID", "FIELD_INVALID"]) {
      expect(counts.get(reason)).toBeGreaterThan(100);
    }
    const fresh = await Promise.all(world.wallets.map((wallet) => wallet.delegate({ nonce: 50n })));
    const client = relayClient(app.address);
    const ended = await finishAll(() => client, fresh);
    expect(ended.filter(({ state }) => state !== SubmissionState.SUCCEEDED)).toEqual([]);
    await chainAtRest(world);
  });
});

function request(signedDelegate: Uint8Array, contentType: ContentType): Call {
  const message = create(SubmitDelegateRequestSchema, {
    network: NETWORK,
    signedDelegate,
    waitUntil: WaitUntil.ACCEPTED,
  });
  const body =
    contentType === "application/proto"
      ? toBinary(SubmitDelegateRequestSchema, message)
      : Buffer.from(toJsonString(SubmitDelegateRequestSchema, message));
  return { body, contentType };
}

function delegateHashOf(bytes: Uint8Array): string {
  return base58.encode(delegateHash(decodeSignedDelegate(bytes).delegateAction));
}

/** The delegate's bytes without its signature: what the wallet signed, in hex. */
function unsignedPart(bytes: Uint8Array): string {
  const { delegateAction } = decodeSignedDelegate(bytes);
  const signature = { type: "ed25519" as const, data: new Uint8Array(64) };
  return Buffer.from(encodeSignedDelegate({ delegateAction, signature })).toString("hex");
}
