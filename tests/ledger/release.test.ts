import { expect, it } from "vitest";
import { at, claimed, heldLane, signed } from "./builders.ts";
import { overEngines } from "./over-engines.ts";

overEngines("work that a lane gives back", (on) => {
  it("is claimed by another lane with a nonce of that lane's, unless it was signed", async () => {
    const lane = await heldLane(on.ledger, "1");
    const other = await heldLane(on.ledger, "2", "relay-2");
    await claimed(on.ledger, lane, "a", "b");
    await on.ledger.recordSigned(lane, [signed({ submissionId: "sub_a", nonce: 101n })]);
    for (const _ of ["once", "again"]) await on.ledger.release(lane, ["sub_a", "sub_b"]);
    expect(await on.ledger.openWork(lane.id)).toMatchObject([{ submissionId: "sub_a" }]);
    const taken = await on.ledger.claim({ ...other, limit: 10, nonceFloor: 7n });
    expect(taken).toMatchObject([{ submissionId: "sub_b", nonce: 7n, state: "ACCEPTED", attempt: null }]);

    // The first answer was lost, and the release is repeated when the work is another lane's already.
    await on.ledger.release(lane, ["sub_b"]);
    expect(await on.ledger.openWork(other.id)).toHaveLength(1);
  });

  it("stays where it is when the lane was lost", async () => {
    const lane = await heldLane(on.ledger);
    await claimed(on.ledger, lane, "a");
    await on.ledger.acquireLane(lane.id, "relay-2", at(60_000), 5_000);
    await expect(on.ledger.release(lane, ["sub_a"])).rejects.toThrow(/lease|lane/);
    expect(await on.ledger.openWork(lane.id)).toHaveLength(1);
  });
});
