import { actions } from "near-api-js";
import { describe, expect, it } from "vitest";
import { failure, NEAR, TestDevnet } from "./testing/test-devnet.ts";

describe("blocks", () => {
  it("come every so many milliseconds with a block time, work or none", async () => {
    const net = await TestDevnet.start({ blockTimeMs: 5 });
    try {
      const { height } = net.chain.head;
      await new Promise<void>((resolve) => {
        net.chain.onBlock(() => {
          if (net.chain.head.height >= height + 5n) resolve();
        });
      });
      expect(
        failure(await net.run(await net.alice.sign("bob.test", [actions.transfer(1n)]))),
      ).toBeUndefined();
    } finally {
      await net.stop();
    }
  });

  it("come as soon as there is work with a block time of 0, until all is final, and then no more", async () => {
    const net = await TestDevnet.start({ blockTimeMs: 0 });
    try {
      for (let i = 0; i < 5; i++) await net.run(await net.alice.sign("alice.test", [actions.transfer(1n)]));
      await net.run(await net.alice.sign("guest-book.test", [actions.transfer(1n)]));
      const { height } = net.chain.head;
      for (let i = 0; i < 5; i++) await new Promise(setImmediate);
      expect(net.chain.head.height).toBe(height);
    } finally {
      await net.stop();
    }
  });

  it("come after a change from outside, so that final views show it", async () => {
    const net = await TestDevnet.start({ blockTimeMs: 0 });
    try {
      await net.run(await net.alice.sign("bob.test", [actions.transfer(1n)]));
      const at = net.chain.head.height;
      const final = new Promise<void>((resolve) => {
        net.chain.onBlock(() => {
          if (net.chain.head.height >= at + 2n) resolve();
        });
      });
      net.addAccount("late.test", NEAR);
      await final;
      const late = { request_type: "view_account", account_id: "late.test", finality: "final" };
      expect((await net.call("query", late)).result.amount).toBe(NEAR.toString());
    } finally {
      await net.stop();
    }
  });
});
