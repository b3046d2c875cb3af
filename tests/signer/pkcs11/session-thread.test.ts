import { SessionThread } from "@countersign/signer-service/backends/pkcs11/session-thread.ts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SoftHsm, softHsmModule, USER_PIN } from "../../support/softhsm.ts";

const TOKEN = "relayers";
/** More than a thread gets through before it is ended. */
const CALLS = 50_000;
const ROUNDS = 10;

describe.skipIf(softHsmModule === undefined)("a session's thread", () => {
  let hsm: SoftHsm;

  beforeAll(async () => {
    hsm = new SoftHsm();
    await hsm.makeToken(TOKEN);
  });
  afterAll(() => hsm.remove());

  it("is ended in the middle of its calls: those that have no answer fail, and the process goes on", async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const thread = new SessionThread(softHsmModule ?? "", 20_000);
      await thread.call("initialize");
      await thread.call("open", TOKEN);
      await thread.call("login", USER_PIN);
      const calls = Array.from({ length: CALLS }, () => thread.call("check"));
      const outcomes = Promise.allSettled(calls);
      await calls[0];
      thread.end();
      const last = (await outcomes).at(-1);
      expect(last).toMatchObject({ status: "rejected", reason: { message: "the backend is closed" } });
      // Until the thread has left.
      await expect.poll(() => thread.outstanding, { timeout: 20_000, interval: 5 }).toBe(0);
    }
  });
});
