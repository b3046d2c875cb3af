import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { expect, it } from "vitest";
import { activeKeys, repairGrant, request, signed, told } from "./builders.ts";
import { overStores } from "./stores.ts";

const unavailable = { reason: ErrorReason.SIGNER_STORE_UNAVAILABLE };

overStores("a journal's signatures", (on) => {
  it("are the ones that were kept first, within a call and for good", async () => {
    const [key] = await activeKeys(on.store, "a");
    const { journal } = on.store;
    const asked = request(key, 101n, "x");
    await journal.reserve([asked]);
    const made = [1, 2].map((fill) => ({
      ...signed(key, asked),
      signature: new Uint8Array(64).fill(fill),
    }));
    expect(await journal.record(made)).toEqual([made[0]?.signature, made[0]?.signature]);
    expect(await journal.record(made.slice(1))).toEqual([made[0]?.signature]);
  });

  it("are kept whatever their length: secp256k1's have 65 bytes", async () => {
    const [key] = await activeKeys(on.store, "a");
    const asked = request(key, 101n, "x");
    await on.store.journal.reserve([asked]);
    const signature = new Uint8Array(65).fill(255);
    await on.store.journal.record([{ ...signed(key, asked), signature }]);
    expect(await on.store.journal.reserve([request(key, 101n, "x")])).toEqual([
      { kind: "signed", signature },
    ]);
  });

  it("are refused without a reservation, and then none of the call is kept", async () => {
    const [key] = await activeKeys(on.store, "a");
    const { journal } = on.store;
    const asked = request(key, 101n, "x");
    await journal.reserve([asked]);
    const strangers = [request(key, 102n, "x"), request(key, 101n, "y")];
    for (const stranger of strangers) {
      const made = [signed(key, asked), signed(key, stranger)];
      await expect(journal.record(made)).rejects.toMatchObject(unavailable);
      await expect(journal.record(made.toReversed())).rejects.toMatchObject(unavailable);
    }
    expect(told(await journal.reserve([request(key, 101n, "x")]))).toEqual(["reserved"]);
  });

  it("do not leave once a repair has given the nonce away", async () => {
    const [key] = await activeKeys(on.store, "a");
    const { journal, adminGrants } = on.store;
    const old = request(key, 101n, "old");
    await journal.reserve([old]);
    await adminGrants.install(repairGrant(key, 101n, "old"), "test");
    expect(told(await journal.reserve([request(key, 101n, "new")]))).toEqual(["reserved"]);
    await expect(journal.record([signed(key, old)])).rejects.toMatchObject(unavailable);
    expect(told(await journal.reserve([request(key, 101n, "old")]))).toEqual(["SIGNER_NONCE_CONFLICT"]);
  });
});
