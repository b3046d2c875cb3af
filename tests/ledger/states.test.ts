import { IllegalTransitionError, NonceConflictError } from "@countersign/server/ledger/errors.ts";
import type { LaneToken, Ledger, SubmissionState } from "@countersign/server/ledger/ledger.ts";
import { canMove, SUBMISSION_STATES } from "@countersign/server/tx/states.ts";
import { expect, it } from "vitest";
import { at, claimed, creation, failed, heldLane, signed, succeeded } from "./builders.ts";
import { overEngines } from "./over-engines.ts";

const ID = "sub_a";

/** The one way there for each state. */
const PATHS: Record<SubmissionState, SubmissionState[]> = {
  ACCEPTED: [],
  SIGNED: ["SIGNED"],
  BROADCAST: ["SIGNED", "BROADCAST"],
  INCLUDED: ["SIGNED", "BROADCAST", "INCLUDED"],
  SUCCEEDED: ["SIGNED", "BROADCAST", "INCLUDED", "SUCCEEDED"],
  FAILED: ["SIGNED", "BROADCAST", "FAILED"],
  REJECTED: ["REJECTED"],
  EXPIRED: ["SIGNED", "EXPIRED"],
};

/** Writes a state as a lane's worker does; SIGNED with a fresh nonce. */
async function enter(ledger: Ledger, lane: LaneToken, to: SubmissionState, id = ID): Promise<void> {
  switch (to) {
    case "ACCEPTED":
      throw new IllegalTransitionError("nothing but accept writes ACCEPTED");
    case "SIGNED": {
      const [fresh] = await ledger.reallocate({ ...lane, submissionIds: [id], nonceFloor: 1n });
      if (fresh === undefined) throw new Error("no nonce");
      return ledger.recordSigned(lane, [signed(fresh)]);
    }
    case "BROADCAST":
    case "INCLUDED":
      return ledger.recordProgress(lane, [{ submissionId: id, to, at: at(1_500) }]);
    case "SUCCEEDED":
      return ledger.recordTerminal(lane, [succeeded(id)]);
    default:
      return ledger.recordTerminal(lane, [failed(id, to)]);
  }
}

overEngines("states", (on) => {
  for (const from of SUBMISSION_STATES) {
    it(`enters from ${from} exactly the states that the table allows`, async () => {
      const lane = await heldLane(on.ledger);
      for (const to of SUBMISSION_STATES.filter((state) => state !== from)) {
        const id = `sub_${to}`;
        await claimed(on.ledger, lane, to);
        for (const state of PATHS[from]) await enter(on.ledger, lane, state, id);
        const before = await on.ledger.getSubmission("default", id);
        expect(before?.state).toBe(from);

        const written = await enter(on.ledger, lane, to, id).then(
          () => true,
          (error: unknown) => {
            expect(error).toBeInstanceOf(IllegalTransitionError);
            return false;
          },
        );
        expect(`${to}: ${written}`).toBe(`${to}: ${canMove(from, to)}`);
        const after = await on.ledger.getSubmission("default", id);
        if (written) expect(after?.state).toBe(to);
        else expect(after).toEqual(before);
      }
    });
  }

  it("signs nothing more for what is terminal, even under a nonce that it was given before", async () => {
    const lane = await heldLane(on.ledger);
    const [a] = await claimed(on.ledger, lane, "a");
    if (a === undefined) throw new Error("nothing claimed");
    await on.ledger.recordTerminal(lane, [failed(ID, "REJECTED")]);
    await expect(on.ledger.recordSigned(lane, [signed(a)])).rejects.toThrow(IllegalTransitionError);
    expect(await on.ledger.getByTransactionHash("default", signed(a).transactionHash)).toBeUndefined();
  });

  it("takes the same end twice and refuses another one", async () => {
    const lane = await heldLane(on.ledger);
    const [a] = await claimed(on.ledger, lane, "a");
    if (a === undefined) throw new Error("nothing claimed");
    await on.ledger.recordSigned(lane, [signed(a)]);
    await on.ledger.recordTerminal(lane, [succeeded(ID)]);
    const before = await on.ledger.getSubmission("default", ID);
    await on.ledger.recordTerminal(lane, [succeeded(ID)]);

    const cheaper = { ...succeeded(ID), cost: { gasBurnt: 1n, tokensBurnt: 1n, deposit: 0n } };
    const others = [cheaper, failed(ID, "FAILED"), failed(ID, "EXPIRED")];
    for (const other of others) {
      await expect(on.ledger.recordTerminal(lane, [other])).rejects.toThrow(IllegalTransitionError);
    }
    expect(await on.ledger.getSubmission("default", ID)).toEqual(before);
  });

  it("takes the same progress twice and logs it once", async () => {
    const lane = await heldLane(on.ledger);
    await claimed(on.ledger, lane, "a");
    for (const state of ["SIGNED", "BROADCAST", "BROADCAST", "INCLUDED", "INCLUDED"] as const) {
      await enter(on.ledger, lane, state);
    }
    const transitions = await on.ledger.transitions(ID);
    expect(transitions.map(({ state }) => state)).toEqual(["ACCEPTED", "SIGNED", "BROADCAST", "INCLUDED"]);
  });

  it("records several states of one submission in one call, in the order of its life", async () => {
    const lane = await heldLane(on.ledger);
    await claimed(on.ledger, lane, "a");
    await enter(on.ledger, lane, "SIGNED");
    await on.ledger.recordProgress(lane, [
      { submissionId: ID, to: "INCLUDED", at: at(1_501) },
      { submissionId: ID, to: "BROADCAST", at: at(1_500) },
    ]);
    expect((await on.ledger.transitions(ID)).map(({ state }) => state)).toEqual([
      "ACCEPTED",
      "SIGNED",
      "BROADCAST",
      "INCLUDED",
    ]);
  });

  it("writes nothing of a batch in which one item is not allowed", async () => {
    const lane = await heldLane(on.ledger);
    const [a, b] = await claimed(on.ledger, lane, "a", "b");
    if (a === undefined || b === undefined) throw new Error("nothing claimed");
    await on.ledger.recordSigned(lane, [signed(a)]);
    const ends = [succeeded("sub_a"), succeeded("sub_b")];
    await expect(on.ledger.recordTerminal(lane, ends)).rejects.toThrow(
      "sub_b cannot enter SUCCEEDED: ACCEPTED",
    );
    expect((await on.ledger.getSubmission("default", "sub_a"))?.state).toBe("SIGNED");
    const unknown = [succeeded("sub_a"), succeeded("sub_unknown")];
    await expect(on.ledger.recordTerminal(lane, unknown)).rejects.toThrow("not in this lane");
    expect((await on.ledger.getSubmission("default", "sub_a"))?.state).toBe("SIGNED");
  });

  it("refuses a submission that is in another lane's hands", async () => {
    const lane = await heldLane(on.ledger);
    const other = await heldLane(on.ledger, "2");
    const [a] = await claimed(on.ledger, lane, "a");
    if (a === undefined) throw new Error("nothing claimed");
    await expect(on.ledger.recordSigned(other, [signed(a)])).rejects.toThrow(IllegalTransitionError);
    await expect(on.ledger.recordTerminal(other, [failed(ID, "REJECTED")])).rejects.toThrow(
      IllegalTransitionError,
    );
    expect(await on.ledger.openWork(lane.id)).toMatchObject([{ submissionId: ID, attempt: null }]);
  });

  it("never lets a nonce carry two transactions", async () => {
    const lane = await heldLane(on.ledger);
    const [a, b] = await claimed(on.ledger, lane, "a", "b");
    if (a === undefined || b === undefined) throw new Error("nothing claimed");
    await on.ledger.recordSigned(lane, [signed(a)]);
    const conflicts = [
      { ...signed(a), transactionHash: "other bytes" },
      { ...signed(b), nonce: a.nonce },
      { ...signed(b), transactionHash: signed(a).transactionHash },
      { ...signed(b), nonce: 999n },
    ];
    for (const item of conflicts) {
      await expect(on.ledger.recordSigned(lane, [item])).rejects.toThrow(NonceConflictError);
    }
    expect(await on.ledger.openWork(lane.id)).toMatchObject([
      { attempt: { transactionHash: signed(a).transactionHash } },
      { submissionId: "sub_b", attempt: null },
    ]);
    await on.ledger.recordSigned(lane, [signed(b)]);
  });

  it("takes the same signed bytes twice and logs them once, beside fresh ones", async () => {
    const lane = await heldLane(on.ledger);
    const [a, b] = await claimed(on.ledger, lane, "a", "b");
    if (a === undefined || b === undefined) throw new Error("nothing claimed");
    await on.ledger.recordSigned(lane, [signed(a)]);
    await on.ledger.recordSigned(lane, [signed(a), signed(b)]);
    expect((await on.ledger.transitions("sub_a")).map(({ state }) => state)).toEqual(["ACCEPTED", "SIGNED"]);
    expect((await on.ledger.transitions("sub_b")).map(({ state }) => state)).toEqual(["ACCEPTED", "SIGNED"]);
  });

  it("finds a submission by every transaction that was signed for it, and shows the last one", async () => {
    const lane = await heldLane(on.ledger);
    const [a] = await claimed(on.ledger, lane, "a");
    if (a === undefined) throw new Error("nothing claimed");
    await on.ledger.recordSigned(lane, [signed(a)]);
    await enter(on.ledger, lane, "BROADCAST");
    await enter(on.ledger, lane, "SIGNED");
    const second = signed({ submissionId: ID, nonce: 102n });
    for (const hash of [signed(a).transactionHash, second.transactionHash]) {
      const found = await on.ledger.getByTransactionHash("default", hash);
      expect(found).toMatchObject({ id: ID, transaction: { hash: second.transactionHash, nonce: 102n } });
    }
    expect(await on.ledger.getByTransactionHash("other", second.transactionHash)).toBeUndefined();
  });

  it("refuses an end whose failure is missing or does not belong there", async () => {
    const lane = await heldLane(on.ledger);
    await claimed(on.ledger, lane, "a");
    const { failure } = failed(ID, "REJECTED");
    const { failure: _, ...bare } = failed(ID, "REJECTED");
    await expect(on.ledger.recordTerminal(lane, [bare])).rejects.toThrow(TypeError);
    await expect(on.ledger.recordTerminal(lane, [{ ...succeeded(ID), failure }])).rejects.toThrow(TypeError);
  });

  it("tells listeners of states after they are committed, and only of those", async () => {
    const told: string[] = [];
    const reads: Promise<unknown>[] = [];
    const stop = on.ledger.onChange((id, state) => {
      told.push(`${id} ${state}`);
      reads.push(
        on.ledger.getSubmission("default", id).then((submission) => {
          expect(submission?.transitions.map((transition) => transition.state)).toContain(state);
        }),
      );
    });
    const lane = await heldLane(on.ledger);
    await claimed(on.ledger, lane, "a");
    await on.ledger.accept({ ...creation("b"), maxOpen: 1 });
    await enter(on.ledger, lane, "SIGNED");
    await expect(enter(on.ledger, lane, "REJECTED")).rejects.toThrow(IllegalTransitionError);
    await enter(on.ledger, lane, "SUCCEEDED");
    await enter(on.ledger, lane, "SUCCEEDED");
    stop();
    await on.ledger.accept(creation("c"));
    expect(told).toEqual(["sub_a ACCEPTED", "sub_a SIGNED", "sub_a SUCCEEDED"]);
    await Promise.all(reads);
  });
});
