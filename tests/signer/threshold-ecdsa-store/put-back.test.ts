import { randomUUID } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Seals } from "@countersign/signer-service/sealing/seals.ts";
import { openSignerStore } from "@countersign/signer-service/store/open-signer-store.ts";
import { expect, it } from "vitest";
import { configOf } from "../store/stores.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import {
  at,
  KEY_ID,
  keyRecord,
  OWNER,
  request,
  SEALING_KEY,
  session,
} from "../threshold-store/threshold-builders.ts";
import { EPOCH, entry, fill, signing } from "./ecdsa-builders.ts";

/** A signer's SQLite store as the signer opens it, with why its life began anew. */
async function openAt(path: string) {
  const restored: string[] = [];
  const store = await openSignerStore(configOf(`sqlite:${path}`), {
    now: () => at(0),
    newIncarnation: randomUUID,
    events: { restored: (reason) => void restored.push(reason), witnessFailed: () => {} },
    grantsThatHold: () => [],
    onAuditFailed: () => {},
  });
  const seals = new Seals([SEALING_KEY]);
  const options = { seals: () => seals, onUnreadable: () => {} };
  return {
    threshold: store.threshold(options),
    ecdsa: store.ecdsa(options),
    restored,
    close: () => store.close(),
  };
}

it("a copy of the file from before a signature, written over it, gives no second one", async () => {
  const path = join(temporaryDirectory(), "signer.db");
  const first = await openAt(path);
  await first.threshold.insertKey(keyRecord());
  await first.threshold.putSession(session());
  const [wanted, another] = [request(), request()];
  await first.threshold.putRequests([wanted, another]);
  await fill(first.ecdsa, ["a"]);
  const wish = signing(wanted, entry("a").id);
  await first.ecdsa.reserve(wish, EPOCH, 5, at(1));
  await first.close();
  const copy = readFileSync(path);

  const second = await openAt(path);
  expect(second.restored).toEqual([]);
  expect(await second.ecdsa.finishEcdsaSigning(wish.id, Uint8Array.of(1), at(2))).toBe(true);
  await second.close();
  // Into the same file: nothing of what the file system knows of it changes.
  writeFileSync(path, copy);

  const third = await openAt(path);
  expect(third.restored).toEqual(["threshold signing has gone back"]);
  expect(await third.ecdsa.ecdsaSigning(wish.id, at(2))).toBeUndefined();
  expect(await third.ecdsa.finishEcdsaSigning(wish.id, Uint8Array.of(2), at(2))).toBe(false);
  expect(await third.ecdsa.pool(OWNER, KEY_ID, EPOCH)).toEqual([]);
  await third.close();
});
