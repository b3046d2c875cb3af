import { inspect } from "node:util";
import { Secret } from "@countersign/service-kit";
import { expect, it } from "vitest";
import { at, delegate, failed, heldLane, signed } from "./builders.ts";
import { overEngines } from "./over-engines.ts";

const TOKEN = "header.claims.signature";

overEngines("a caller's token", (on) => {
  it("is the lane's until a transaction is signed, and never in what callers read", async () => {
    const lane = await heldLane(on.ledger);
    const accepted = await on.ledger.accept(delegate("a", { callerCredential: new Secret(TOKEN) }));
    const [work] = await on.ledger.claim({ ...lane, limit: 1, nonceFloor: 101n });
    expect(work?.callerCredential?.reveal()).toBe(TOKEN);
    const read = await on.ledger.getSubmission("default", "sub_a");
    expect(inspect([accepted, work, read], { depth: 9 })).not.toContain(TOKEN);
    await on.ledger.recordSigned(lane, [signed({ submissionId: "sub_a", nonce: 101n })]);
    expect(await on.ledger.openWork(lane.id)).toMatchObject([{ callerCredential: null }]);
  });

  it("is gone when the submission ends unsigned", async () => {
    const lane = await heldLane(on.ledger);
    await on.ledger.accept(delegate("a", { callerCredential: new Secret(TOKEN) }));
    await on.ledger.claim({ ...lane, limit: 1, nonceFloor: 101n });
    await on.ledger.recordTerminal(lane, [failed("sub_a", "REJECTED")]);
    await on.home.execute("update submissions set terminal_at = null");
    expect(await on.ledger.openWork(lane.id)).toMatchObject([{ callerCredential: null }]);
  });

  it("is not kept where the signer is to get none", async () => {
    const lane = await heldLane(on.ledger);
    await on.ledger.accept(delegate("a", { at: at(0) }));
    const [work] = await on.ledger.claim({ ...lane, limit: 1, nonceFloor: 101n });
    expect(work?.callerCredential).toBeNull();
  });
});
