import type { Submission, SubmissionQuery } from "@countersign/server/ledger/ledger.ts";
import { expect, it } from "vitest";
import { at, claimed, creation, delegate, failed, heldLane, signed } from "./builders.ts";
import { type Context, overEngines } from "./over-engines.ts";

/** Reads to the end, page by page. */
async function pages(on: Context, query: SubmissionQuery): Promise<string[][]> {
  const found: string[][] = [];
  for (let before: Submission | undefined; ; ) {
    const page = await on.ledger.listSubmissions({ ...query, before });
    if (page.length > 0) found.push(page.map(({ id }) => id));
    before = page.at(-1);
    if (before === undefined) return found;
  }
}

const everything = { tenant: "default", limit: 100 };

overEngines("reads", (on) => {
  it("lists newest first, and pages through equal times without a gap or a repeat", async () => {
    const times = { a: 0, b: 10, c: 10, d: 10, e: 10, f: 20, g: 30 };
    for (const [name, ms] of Object.entries(times)) await on.ledger.accept(delegate(name, { at: at(ms) }));
    expect(await pages(on, { ...everything, limit: 2 })).toEqual([
      ["sub_g", "sub_f"],
      ["sub_e", "sub_d"],
      ["sub_c", "sub_b"],
      ["sub_a"],
    ]);
  });

  it("goes on after the same place when newer submissions have come", async () => {
    for (const [i, name] of ["a", "b", "c"].entries()) await on.ledger.accept(delegate(name, { at: at(i) }));
    const [first] = await on.ledger.listSubmissions({ ...everything, limit: 1 });
    await on.ledger.accept(delegate("d", { at: at(10) }));
    const rest = await on.ledger.listSubmissions({ ...everything, before: first });
    expect(rest.map(({ id }) => id)).toEqual(["sub_b", "sub_a"]);
  });

  it("shows no tenant another's submissions", async () => {
    await on.ledger.accept(delegate("a"));
    await on.ledger.accept(delegate("b", { tenant: "other" }));
    expect(await pages(on, everything)).toEqual([["sub_a"]]);
    expect(await on.ledger.getSubmission("default", "sub_b")).toBeUndefined();
    expect(await on.ledger.getSubmission("other", "sub_b")).toMatchObject({ id: "sub_b" });
  });

  it("selects by caller, account and state, all of which must match", async () => {
    const lane = await heldLane(on.ledger);
    await claimed(on.ledger, lane, "rejected", "signed", "claimed");
    await on.ledger.recordTerminal(lane, [failed("sub_rejected", "REJECTED")]);
    await on.ledger.recordSigned(lane, [signed({ submissionId: "sub_signed", nonce: 102n })]);
    await on.ledger.accept({
      ...creation("bob", { accountId: "bob.testnet" }),
      at: at(50),
      caller: "backend",
    });

    expect(await pages(on, { ...everything, caller: "backend" })).toEqual([["sub_bob"]]);
    expect(await pages(on, { ...everything, accountId: "bob.testnet" })).toEqual([["sub_bob"]]);
    expect(await pages(on, { ...everything, state: "REJECTED" })).toEqual([["sub_rejected"]]);
    expect(await pages(on, { ...everything, state: "SIGNED" })).toEqual([["sub_signed"]]);
    expect(await pages(on, { ...everything, state: "ACCEPTED" })).toEqual([["sub_bob", "sub_claimed"]]);
    expect(await pages(on, { ...everything, state: "SUCCEEDED" })).toEqual([]);
    expect(await pages(on, { ...everything, caller: "wallet", state: "ACCEPTED" })).toEqual([
      ["sub_claimed"],
    ]);
    expect(await pages(on, { ...everything, caller: "wallet", accountId: "bob.testnet" })).toEqual([]);
  });

  it("lists each submission with its transaction, its failure and its own transitions", async () => {
    const lane = await heldLane(on.ledger);
    await claimed(on.ledger, lane, "a", "b");
    await on.ledger.recordSigned(lane, [signed({ submissionId: "sub_a", nonce: 101n })]);
    await on.ledger.recordTerminal(lane, [failed("sub_b", "REJECTED")]);
    const listed = await on.ledger.listSubmissions(everything);
    expect(listed).toEqual([
      await on.ledger.getSubmission("default", "sub_b"),
      await on.ledger.getSubmission("default", "sub_a"),
    ]);
    expect(listed).toMatchObject([
      {
        state: "REJECTED",
        transaction: null,
        failure: failed("sub_b", "REJECTED").failure,
        transitions: [{ state: "ACCEPTED" }, { state: "REJECTED" }],
      },
      {
        state: "SIGNED",
        transaction: { nonce: 101n, blockHash: null },
        failure: null,
        transitions: [{ state: "ACCEPTED" }, { state: "SIGNED" }],
      },
    ]);
  });

  it("counts open submissions by state, and tells since when the oldest waits", async () => {
    expect(await on.ledger.stats()).toEqual({ openByState: new Map(), oldestUnclaimedAt: null });
    const lane = await heldLane(on.ledger);
    await claimed(on.ledger, lane, "a", "b", "c");
    await on.ledger.recordSigned(lane, [signed({ submissionId: "sub_a", nonce: 101n })]);
    await on.ledger.recordTerminal(lane, [failed("sub_b", "REJECTED")]);
    await on.ledger.accept(delegate("e", { at: at(80) }));
    await on.ledger.accept(delegate("d", { at: at(70) }));
    expect(await on.ledger.stats()).toEqual({
      openByState: new Map([
        ["ACCEPTED", 3],
        ["SIGNED", 1],
      ]),
      oldestUnclaimedAt: at(70),
    });
    expect(await on.ledger.countOpen()).toBe(4);
  });

  it("knows nothing of what was never accepted", async () => {
    expect(await on.ledger.getSubmission("default", "sub_x")).toBeUndefined();
    expect(await on.ledger.getByTransactionHash("default", "x")).toBeUndefined();
    expect(await on.ledger.transitions("sub_x")).toEqual([]);
    await on.ledger.ping();
  });

  it("takes text as text, whatever SQL it looks like", async () => {
    const name = "x'); drop table submissions; -- \u{1F511} $1 ?";
    await on.ledger.accept(creation("a", { accountId: name }));
    expect(await pages(on, { ...everything, accountId: name })).toEqual([["sub_a"]]);
    expect(await on.ledger.getSubmission("default", name)).toBeUndefined();
  });
});
