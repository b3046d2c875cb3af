import { IllegalTransitionError } from "@countersign/server/ledger/errors.ts";
import { expect, it } from "vitest";
import { at, claimed, creation, delegate, failed, heldLane, NETWORK, signed } from "./builders.ts";
import { overEngines } from "./over-engines.ts";

overEngines("claim", (on) => {
  it("takes the oldest first and gives consecutive nonces from the floor, then from the lane's own", async () => {
    const lane = await heldLane(on.ledger);
    for (const [name, ms] of [
      ["c", 3],
      ["a", 1],
      ["d", 3],
      ["b", 2],
    ] as const) {
      await on.ledger.accept(delegate(name, { at: at(ms) }));
    }
    const first = await on.ledger.claim({ ...lane, limit: 3, nonceFloor: 101n });
    expect(first.map(({ submissionId, nonce }) => [submissionId, nonce])).toEqual([
      ["sub_a", 101n],
      ["sub_b", 102n],
      ["sub_c", 103n],
    ]);
    const second = await on.ledger.claim({ ...lane, limit: 3, nonceFloor: 101n });
    expect(second.map(({ submissionId, nonce }) => [submissionId, nonce])).toEqual([["sub_d", 104n]]);
    expect(await on.ledger.claim({ ...lane, limit: 3, nonceFloor: 101n })).toEqual([]);
  });

  it("jumps to a floor above the lane's own nonce and never back", async () => {
    const lane = await heldLane(on.ledger);
    await claimed(on.ledger, lane, "a");
    await on.ledger.accept(creation("b"));
    expect(await on.ledger.claim({ ...lane, limit: 1, nonceFloor: 5_000n })).toMatchObject([
      { nonce: 5_000n },
    ]);
    await on.ledger.accept(creation("c"));
    expect(await on.ledger.claim({ ...lane, limit: 1, nonceFloor: 1n })).toMatchObject([{ nonce: 5_001n }]);
    expect(await on.ledger.ensureLanes([lane])).toMatchObject([{ nextNonce: 5_002n }]);
  });

  it("leaves what another account must sign, and other networks' submissions", async () => {
    const lane = await heldLane(on.ledger);
    await on.ledger.accept(creation("mine", { requiredRelayer: "relayer.testnet" }));
    await on.ledger.accept(creation("theirs", { requiredRelayer: "root.testnet" }));
    await on.ledger.accept(creation("elsewhere", { network: "mainnet" }));
    const work = await on.ledger.claim({ ...lane, limit: 10, nonceFloor: 1n });
    expect(work.map(({ submissionId }) => submissionId)).toEqual(["sub_mine"]);

    const [root] = await on.ledger.ensureLanes([
      { network: NETWORK, accountId: "root.testnet", publicKey: "ed25519:root", keyId: "root" },
    ]);
    const lease = await on.ledger.acquireLane(root?.id ?? 0, "relay-1", at(0), 1_000);
    const token = { laneId: root?.id ?? 0, epoch: lease?.epoch ?? 0n };
    expect(await on.ledger.claim({ ...token, limit: 10, nonceFloor: 1n })).toMatchObject([
      { submissionId: "sub_theirs" },
    ]);
  });

  it("refuses a floor above 2^63-1 and claims nothing", async () => {
    const lane = await heldLane(on.ledger);
    await on.ledger.accept(creation("a"));
    await expect(on.ledger.claim({ ...lane, limit: 1, nonceFloor: 2n ** 63n })).rejects.toThrow(
      "nonceFloor is not within 0 and 2^63-1",
    );
    await expect(on.ledger.claim({ ...lane, limit: 1, nonceFloor: 2n ** 63n - 1n })).rejects.toThrow(
      "next nonce is not within 0 and 2^63-1",
    );
    expect(await on.ledger.openWork(lane.id)).toEqual([]);
  });

  it("shares submissions out between lanes that claim at the same time, each one once", async () => {
    const count = 120;
    const ledgers = on.engine.name === "postgres" ? [on.ledger, await on.home.open()] : [on.ledger];
    await Promise.all(Array.from({ length: count }, (_, i) => on.ledger.accept(creation(`n${i}`))));
    const lanes = await Promise.all(["1", "2", "3", "4"].map((name) => heldLane(on.ledger, name)));
    const work = await Promise.all(
      lanes.map(async (lane, i) => {
        const ledger = ledgers[i % ledgers.length] ?? on.ledger;
        const nonces: bigint[] = [];
        const ids: string[] = [];
        // Rows that another lane has locked are passed over, so an empty answer is not the end yet.
        while ((await ledger.stats()).oldestUnclaimedAt !== null) {
          for (const { submissionId, nonce } of await ledger.claim({ ...lane, limit: 7, nonceFloor: 101n })) {
            ids.push(submissionId);
            nonces.push(nonce);
          }
        }
        return { ids, nonces };
      }),
    );
    const ids = work.flatMap((lane) => lane.ids);
    expect(new Set(ids).size).toBe(count);
    expect(ids).toHaveLength(count);
    for (const { nonces } of work) expect(nonces).toEqual(nonces.map((_, i) => 101n + BigInt(i)));
  });

  it("gives fresh nonces to what was not signed and to what can never land", async () => {
    const lane = await heldLane(on.ledger);
    const [a] = await claimed(on.ledger, lane, "a", "b");
    if (a === undefined) throw new Error("nothing claimed");
    await on.ledger.recordSigned(lane, [signed(a)]);
    const input = { ...lane, submissionIds: ["sub_b", "sub_a"], nonceFloor: 300n };
    expect(await on.ledger.reallocate(input)).toEqual([
      { submissionId: "sub_b", nonce: 300n },
      { submissionId: "sub_a", nonce: 301n },
    ]);
    expect(await on.ledger.openWork(lane.id)).toMatchObject([
      { submissionId: "sub_b", nonce: 300n, attempt: null },
      { submissionId: "sub_a", nonce: 301n, attempt: { nonce: 101n } },
    ]);
    expect(await on.ledger.reallocate({ ...lane, submissionIds: [], nonceFloor: 1n })).toEqual([]);
    expect(await on.ledger.ensureLanes([lane])).toMatchObject([{ nextNonce: 302n }]);
  });

  it("gives no fresh nonce to what is terminal, unclaimed or in another lane", async () => {
    const lane = await heldLane(on.ledger);
    const other = await heldLane(on.ledger, "2");
    await claimed(on.ledger, lane, "a", "b");
    await on.ledger.recordTerminal(lane, [failed("sub_b", "REJECTED")]);
    await on.ledger.accept(creation("c"));
    const refused: [typeof lane, string][] = [
      [lane, "sub_b"],
      [lane, "sub_c"],
      [other, "sub_a"],
    ];
    for (const [token, id] of refused) {
      const input = { ...token, submissionIds: [id], nonceFloor: 1n };
      await expect(on.ledger.reallocate(input)).rejects.toThrow(IllegalTransitionError);
    }
  });

  it("passes over the tenants that are held, and takes theirs when they are held no more", async () => {
    const lane = await heldLane(on.ledger);
    for (const [i, tenant] of ["a", "b", "c", "a"].entries()) {
      await on.ledger.accept(delegate(`n${i}`, { tenant, at: at(i) }));
    }
    const claim = async (heldTenants: string[]) => {
      const works = await on.ledger.claim({ ...lane, limit: 10, heldTenants, nonceFloor: 1n });
      return works.map(({ submissionId }) => submissionId);
    };
    expect(await claim(["a", "c"])).toEqual(["sub_n1"]);
    expect(await claim(["a", "c"])).toEqual([]);
    expect(await claim([])).toEqual(["sub_n0", "sub_n2", "sub_n3"]);
  });
});
