import type { AcceptInput, AcceptResult, Ledger, Submission } from "@countersign/server/ledger/ledger.ts";
import { expect, it } from "vitest";
import { at, creation, delegate, failed, heldLane, NETWORK, sha256 } from "./builders.ts";
import { overEngines } from "./over-engines.ts";

/** Another submission with the same key and body, as a caller's second try makes it. */
function retry(input: AcceptInput, id: string): AcceptInput {
  return { ...input, submission: { ...input.submission, id }, at: at(50) };
}

/** Another delegate by every name, except for what the mark is changed to. */
function marked(name: string, mark: Partial<NonNullable<AcceptInput["replayMark"]>>): AcceptInput {
  const input = delegate(name);
  if (input.replayMark === null) throw new Error("a delegate has a mark");
  const replayMark = { ...input.replayMark, ...mark };
  return {
    ...input,
    submission: { ...input.submission, delegateHash: replayMark.delegateHash },
    replayMark,
  };
}

async function outcomes(ledger: Ledger, ...inputs: AcceptInput[]): Promise<string[]> {
  const found: string[] = [];
  for (const input of inputs) found.push((await ledger.accept(input)).outcome);
  return found;
}

function submissionOf(result: AcceptResult | undefined): Submission {
  if (result === undefined || !("submission" in result)) throw new Error("no submission");
  return result.submission;
}

overEngines("accept", (on) => {
  it("answers the same key and body with the first submission", async () => {
    const first = await on.ledger.accept(delegate("a"));
    const second = await on.ledger.accept(retry(delegate("a"), "sub_other"));
    expect(first.outcome).toBe("accepted");
    expect(second).toEqual({ outcome: "repeated", submission: submissionOf(first) });
    expect(await on.ledger.getSubmission("default", "sub_other")).toBeUndefined();
  });

  it("refuses the same key with another body", async () => {
    await on.ledger.accept(delegate("a"));
    const other = { ...delegate("b"), idempotencyKey: "key-a" };
    expect(await on.ledger.accept(other)).toEqual({ outcome: "key-reused" });
    expect(await on.ledger.countOpen()).toBe(1);
    expect(await outcomes(on.ledger, delegate("b"))).toEqual(["accepted"]);
  });

  it("keeps keys of other tenants, callers and methods apart", async () => {
    const key = { idempotencyKey: "same" };
    expect(
      await outcomes(
        on.ledger,
        { ...creation("a"), ...key },
        { ...creation("b"), ...key, tenant: "other" },
        { ...creation("c"), ...key, caller: "other" },
        { ...creation("d"), ...key, method: "Other" },
      ),
    ).toEqual(["accepted", "accepted", "accepted", "accepted"]);
  });

  it("finds a claim with its body hash and its submission", async () => {
    const input = delegate("a");
    const { tenant, caller, method, idempotencyKey: key } = input;
    expect(await on.ledger.findIdempotent({ tenant, caller, method, key })).toBeUndefined();
    const result = await on.ledger.accept(input);
    const found = await on.ledger.findIdempotent({ tenant, caller, method, key });
    expect(found?.submission).toEqual(submissionOf(result));
    expect(found?.bodyHash).toEqual(input.bodyHash);
  });

  it("accepts one of fifty calls with one key at the same time, and answers the others with it", async () => {
    const calls = Array.from({ length: 50 }, (_, i) => on.ledger.accept(retry(delegate("a"), `sub_${i}`)));
    const results = await Promise.all(calls);
    const accepted = results.filter(({ outcome }) => outcome === "accepted");
    expect(accepted).toHaveLength(1);
    for (const result of results) {
      expect(submissionOf(result)).toEqual(submissionOf(accepted[0]));
      expect(["accepted", "repeated"]).toContain(result.outcome);
    }
    expect(await on.ledger.countOpen()).toBe(1);
  });

  it("refuses a delegate whose key and nonce another submission holds, and stores nothing of it", async () => {
    await on.ledger.accept(marked("a", { publicKey: "ed25519:k", nonce: 7n }));
    const other = marked("b", { publicKey: "ed25519:k", nonce: 7n });
    expect(await on.ledger.accept(other)).toEqual({ outcome: "replayed" });
    expect(await on.ledger.getSubmission("default", "sub_b")).toBeUndefined();
    const claim = { tenant: "default", caller: "wallet", method: "SubmitDelegate", key: "key-b" };
    expect(await on.ledger.findIdempotent(claim)).toBeUndefined();
  });

  it("refuses a delegate whose hash another submission holds", async () => {
    await on.ledger.accept(marked("a", { delegateHash: "h" }));
    expect(await on.ledger.accept(marked("b", { delegateHash: "h", nonce: 8n }))).toEqual({
      outcome: "replayed",
    });
  });

  it("accepts the next nonce of the same key", async () => {
    const key = { publicKey: "ed25519:k" };
    expect(
      await outcomes(on.ledger, marked("a", { ...key, nonce: 7n }), marked("b", { ...key, nonce: 8n })),
    ).toEqual(["accepted", "accepted"]);
  });

  it("accepts one of fifty different calls that carry one delegate at the same time", async () => {
    const calls = Array.from({ length: 50 }, (_, i) =>
      on.ledger.accept(marked(`n${i}`, { publicKey: "ed25519:k", delegateHash: "h" })),
    );
    const results = (await Promise.all(calls)).map(({ outcome }) => outcome);
    expect(results.filter((outcome) => outcome === "accepted")).toHaveLength(1);
    expect(results.filter((outcome) => outcome === "replayed")).toHaveLength(49);
  });

  it("tells whether a delegate is marked, by its key and nonce or by its hash", async () => {
    const { replayMark } = delegate("a");
    if (replayMark === null) throw new Error("a delegate has a mark");
    expect(await on.ledger.isReplayed(NETWORK, replayMark)).toBe(false);
    await on.ledger.accept(delegate("a"));
    expect(await on.ledger.isReplayed(NETWORK, { ...replayMark, delegateHash: "other" })).toBe(true);
    expect(await on.ledger.isReplayed(NETWORK, { ...replayMark, nonce: 8n })).toBe(true);
    expect(await on.ledger.isReplayed(NETWORK, { ...replayMark, nonce: 8n, delegateHash: "other" })).toBe(
      false,
    );
    expect(await on.ledger.isReplayed("mainnet", replayMark)).toBe(false);
  });

  it.each(["REJECTED", "EXPIRED"] as const)("accepts a delegate again after it ended as %s", async (to) => {
    const lane = await heldLane(on.ledger);
    await on.ledger.accept(delegate("a"));
    const [work] = await on.ledger.claim({ ...lane, limit: 1, nonceFloor: 1n });
    if (to === "EXPIRED") {
      const hash = { transactionHash: "tx", signedTransaction: sha256("tx"), blockHashHeight: 1n, at: at(1) };
      await on.ledger.recordSigned(lane, [{ submissionId: "sub_a", nonce: work?.nonce ?? 0n, ...hash }]);
    }
    await on.ledger.recordTerminal(lane, [failed("sub_a", to)]);
    const again = { ...delegate("a"), idempotencyKey: "second" };
    expect(await outcomes(on.ledger, retry(again, "sub_again"))).toEqual(["accepted"]);
    // The first one's end, recorded once more, does not give up the second one's mark.
    await on.ledger.recordTerminal(lane, [failed("sub_a", to)]);
    expect(await outcomes(on.ledger, { ...retry(again, "sub_third"), idempotencyKey: "third" })).toEqual([
      "replayed",
    ]);
  });

  it("refuses a delegate whose key was accepted with a higher nonce, and nothing of it stays", async () => {
    const key = { publicKey: "ed25519:same" };
    expect(
      await outcomes(
        on.ledger,
        marked("five", { ...key, nonce: 5n }),
        marked("nine", { ...key, nonce: 9n }),
        marked("seven", { ...key, nonce: 7n }),
        marked("other", { publicKey: "ed25519:other", nonce: 7n }),
      ),
    ).toEqual(["accepted", "accepted", "nonce-passed", "accepted"]);
    expect(await on.ledger.countOpen()).toBe(3);
  });

  it("takes one exclusive submission for an account at a time, and another when it has ended", async () => {
    const lane = await heldLane(on.ledger);
    const exclusive = (name: string) => ({
      ...creation(name, { accountId: "new.testnet" }),
      exclusiveAccount: true,
    });
    expect(await outcomes(on.ledger, exclusive("a"), exclusive("b"))).toEqual(["accepted", "account-busy"]);
    expect(await outcomes(on.ledger, creation("c", { accountId: "new.testnet" }))).toEqual(["accepted"]);
    await on.ledger.claim({ ...lane, limit: 1, nonceFloor: 1n });
    await on.ledger.recordTerminal(lane, [failed("sub_a", "REJECTED")]);
    expect(await outcomes(on.ledger, exclusive("b"))).toEqual(["accepted"]);
  });

  it("refuses more open submissions than the bound, still answers repeats, and goes on when one ends", async () => {
    const lane = await heldLane(on.ledger);
    const bounded = (name: string) => ({ ...delegate(name), maxOpen: 3 });
    expect(await outcomes(on.ledger, ...["a", "b", "c", "d"].map(bounded))).toEqual([
      "accepted",
      "accepted",
      "accepted",
      "queue-full",
    ]);
    expect(await outcomes(on.ledger, bounded("a"))).toEqual(["repeated"]);
    await on.ledger.claim({ ...lane, limit: 2, nonceFloor: 1n });
    expect(await outcomes(on.ledger, bounded("d"))).toEqual(["queue-full"]);
    await on.ledger.recordTerminal(lane, [failed("sub_a", "REJECTED")]);
    expect(await outcomes(on.ledger, bounded("d"), bounded("e"))).toEqual(["accepted", "queue-full"]);
  });

  it("never lets one process fill the queue above its bound, however many calls come one after another", async () => {
    const bounded = Array.from({ length: 50 }, (_, i) => ({ ...creation(`n${i}`), maxOpen: 41 }));
    const found = await outcomes(on.ledger, ...bounded);
    expect(found.filter((outcome) => outcome === "accepted")).toHaveLength(41);
    expect(await on.ledger.countOpen()).toBe(41);
  });

  it("leaves room to others when the queue is full of what a held tenant has waiting, and to nobody else", async () => {
    const lane = await heldLane(on.ledger);
    const bounded = (name: string, changes: Partial<AcceptInput> = {}) => ({
      ...creation(name),
      maxOpen: 20,
      ...changes,
    });
    const held = { heldTenants: ["held"] };
    const ofHeld = Array.from({ length: 19 }, (_, i) => bounded(`h${i}`, { tenant: "held" }));
    await outcomes(on.ledger, ...ofHeld, bounded("a"));
    expect(await outcomes(on.ledger, bounded("b"))).toEqual(["queue-full"]);
    // The room that a hold makes is nobody's without it, though it would do for some more.
    expect(await outcomes(on.ledger, bounded("b", held), bounded("c"))).toEqual(["accepted", "queue-full"]);
    const other = bounded("d", { heldTenants: ["other"] });
    expect(await outcomes(on.ledger, bounded("c", held), other)).toEqual(["accepted", "queue-full"]);
    // What a lane has taken goes on, whoever is held.
    expect(await on.ledger.claim({ ...lane, limit: 100, nonceFloor: 1n })).toHaveLength(22);
    expect(await outcomes(on.ledger, bounded("d", held))).toEqual(["queue-full"]);
  });

  it.each([
    ["nonce of the delegate", marked("a", { nonce: 2n ** 63n })],
    ["max_block_height", marked("a", { maxBlockHeight: 2n ** 64n - 1n })],
    ["expiresAtHeight", creation("a", { expiresAtHeight: 2n ** 63n })],
  ])("refuses a %s above 2^63-1 and stores nothing", async (field, input) => {
    await expect(on.ledger.accept(input)).rejects.toThrow(
      new RegExp(`^${field} is not within 0 and 2\\^63-1`),
    );
    expect(await on.ledger.countOpen()).toBe(0);
    expect(await outcomes(on.ledger, creation("a"))).toEqual(["accepted"]);
  });

  it("stores the largest nonce and the largest heights", async () => {
    const largest = 2n ** 63n - 1n;
    const input = marked("a", { nonce: largest, maxBlockHeight: largest });
    const submission = { ...input.submission, expiresAtHeight: largest };
    expect(await outcomes(on.ledger, { ...input, submission })).toEqual(["accepted"]);
    expect((await on.ledger.getSubmission("default", "sub_a"))?.expiresAtHeight).toBe(largest);
  });

  it("fails one call of many at the same time without its neighbours", async () => {
    const names = Array.from({ length: 20 }, (_, i) => `n${i}`);
    const calls = names.map((name, i) =>
      on.ledger.accept(i === 7 ? creation(name, { expiresAtHeight: -1n }) : creation(name)),
    );
    const results = await Promise.allSettled(calls);
    expect(results.map(({ status }) => status)).toEqual(
      names.map((_, i) => (i === 7 ? "rejected" : "fulfilled")),
    );
    expect(await on.ledger.countOpen()).toBe(19);
  });
});
