import { Code } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { ACCOUNT, enrolled, OWNER, startFederation } from "./support/federation.ts";

const account = { accountId: ACCOUNT };
const never = () => new Promise<never>(() => {});
const canceled = expect.objectContaining({ code: Code.Canceled });

/** Holds the passkey's answers until `answer` is called. */
function holdPrompts({ passkeys }: Awaited<ReturnType<typeof startFederation>>) {
  const { assert } = passkeys;
  const asked = Promise.withResolvers<void>();
  const held = Promise.withResolvers<void>();
  passkeys.assert = async (...of) => {
    asked.resolve();
    await held.promise;
    return assert(...of);
  };
  const answer = () => {
    passkeys.assert = assert;
    held.resolve();
  };
  return { asked: asked.promise, answer };
}

describe("signing out ends what would open the wallet again:", () => {
  it("a prompt that is answered later", async () => {
    const federation = await startFederation();
    const { asked, answer } = holdPrompts(federation);
    const { wallet } = federation.load();
    const unlocking = expect(wallet.unlock(account)).rejects.toThrow(canceled);
    await asked;
    await wallet.signOut();
    await unlocking;
    answer();
    await expect.poll(() => federation.passkeys.results.length).toBe(1);
    const [result = new ArrayBuffer(1)] = federation.passkeys.results;
    await expect.poll(() => [...new Uint8Array(result)].every((byte) => byte === 0)).toBe(true);
    expect(await wallet.unlock(account)).toEqual({ by: "passkey" });
    expect(federation.passkeys.touches).toHaveLength(2);
  });

  it("a relay that answers later, after which nobody is asked for a passkey either", async () => {
    const federation = await enrolled();
    const [one] = federation.relays;
    one.proxy.fault({ type: "delay", when: "after" });
    const { wallet, events } = federation.load();
    const both = [wallet.unlock(account), wallet.unlock(account)];
    const refused = both.map((unlocking) => expect(unlocking).rejects.toThrow(canceled));
    await one.proxy.waitFor("RemoveServerLock");
    await wallet.signOut();
    one.proxy.release();
    await Promise.all(refused);
    expect([federation.passkeys.touches, events]).toEqual([[], []]);
    expect(await federation.envelopes.of(OWNER)).toEqual([]);
  });
});

describe("a browser whose database does not answer", () => {
  it("erases the shares when its user signs out, and says that the envelopes are still there", async () => {
    const federation = await enrolled();
    const { wallet } = federation.load();
    expect(await wallet.unlock(account)).toMatchObject({ by: "relay" });
    Object.assign(federation.envelopes, { forgetAll: never, of: never });
    await expect(wallet.signOut()).rejects.toMatchObject({ code: Code.FailedPrecondition });
    expect(await wallet.unlock(account)).toEqual({ by: "passkey" });
  });

  it("unlocks with the passkey, unless the caller stops", async () => {
    const federation = await enrolled();
    Object.assign(federation.envelopes, { of: never });
    const { wallet, events } = federation.load();
    const abort = new AbortController();
    const unlocking = wallet.unlock(account, { signal: abort.signal });
    abort.abort();
    await expect(unlocking).rejects.toThrow(canceled);
    expect([federation.passkeys.touches, events]).toEqual([[], []]);
    expect(await wallet.unlock(account)).toEqual({ by: "passkey" });
    expect(events).toMatchObject([{ type: "fallback", error: { code: Code.FailedPrecondition } }]);
  });
});
