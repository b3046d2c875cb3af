import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";
import type { ThresholdStore } from "@countersign/signer-service/threshold/threshold-store.ts";
import { expect, test } from "vitest";
import { inProcess } from "./support/in-process.ts";
import { delegate } from "./support/payloads.ts";
import { outcomeOf } from "./support/reason.ts";
import type { ThresholdClient } from "./support/threshold-signer.ts";
import { ThresholdWallet } from "./support/threshold-wallet.ts";

/** A finalize that is right, and its signer: `finishSigning` is what the test puts in its place. */
async function finalizing(finishSigning: (store: ThresholdStore) => ThresholdStore["finishSigning"]) {
  const client: ThresholdClient = await inProcess((store) => ({ finishSigning: finishSigning(store) }));
  const wallet = await ThresholdWallet.withKey(client);
  const [given] = await wallet.authorize(delegate(wallet).payload, await wallet.mint());
  const round = await wallet.init(given ?? expect.fail("nothing was authorised"));
  const call = wallet.finalizeRequest(round);
  return { finalize: () => client.signEd25519Finalize(call) };
}

test("a run that is burnt while the relayer's share is computed releases nothing", async () => {
  const { finalize } = await finalizing((store) => async (...finish) => {
    await store.burnSigning(finish[0]);
    return store.finishSigning(...finish);
  });
  expect(await outcomeOf(finalize())).toBe("SIGNING_SESSION_STALE");
});

test("a run that another message has finished meanwhile releases nothing", async () => {
  const { finalize } = await finalizing((store) => async (id, messageHash, answer, now) => {
    await store.finishSigning(id, new Uint8Array(32), answer, now);
    return store.finishSigning(id, messageHash, answer, now);
  });
  expect(await outcomeOf(finalize())).toBe("SIGNING_SESSION_STALE");
});

test("a run that the identical message has finished meanwhile gives what that one was given", async () => {
  const earlier = new Uint8Array(96).fill(9);
  const { finalize } = await finalizing((store) => async (id, messageHash, answer, now) => {
    await store.finishSigning(id, messageHash, earlier, now);
    return store.finishSigning(id, messageHash, answer, now);
  });
  const { response } = await finalize();
  expect(response?.relayerSignatureShare).toEqual(earlier.slice(0, 32));
  expect(response?.signature).toEqual(earlier.slice(32));
});

test("a store that gives no answer at the end releases nothing, and a repeated call what it has kept", async () => {
  let isAway = true;
  const { finalize } = await finalizing((store) => async (...finish) => {
    if (!isAway) return store.finishSigning(...finish);
    throw new DomainError(ErrorReason.SIGNER_STORE_UNAVAILABLE, "the store gives no answer");
  });
  expect(await outcomeOf(finalize())).toBe("SIGNER_STORE_UNAVAILABLE");
  isAway = false;
  const first = await finalize();
  expect(first.response?.signature).toHaveLength(64);
  expect(await finalize()).toEqual(first);
});

test("uses that were not taken durably release no request", async () => {
  const client = await inProcess(() => ({ takeUses: async () => false }));
  const wallet = await ThresholdWallet.withKey(client);
  expect(await outcomeOf(wallet.authorize(delegate(wallet).payload, await wallet.mint()))).toBe(
    "THRESHOLD_SESSION_EXHAUSTED",
  );
});
