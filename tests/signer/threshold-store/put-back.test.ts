import { randomUUID } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Seals } from "@countersign/signer-service/sealing/seals.ts";
import { openSignerStore } from "@countersign/signer-service/store/open-signer-store.ts";
import { expect, it } from "vitest";
import { configOf } from "../store/stores.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { at, keyRecord, request, SEALING_KEY, session } from "./threshold-builders.ts";

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
  const threshold = store.threshold({ seals: () => seals, onUnreadable: () => {} });
  return { threshold, restored, close: () => store.close() };
}

it("a copy of the file, written over it after threshold signing alone, is told from it", async () => {
  const path = join(temporaryDirectory(), "signer.db");
  const first = await openAt(path);
  await first.threshold.insertKey(keyRecord());
  await first.threshold.putSession(session({ maxUses: 1 }));
  await first.close();
  const copy = readFileSync(path);

  const second = await openAt(path);
  expect(second.restored).toEqual([]);
  expect(await second.threshold.takeUses(session().tokenHash, at(1), [request()])).toBe(true);
  await second.close();
  // Into the same file: nothing of what the file system knows of it changes.
  writeFileSync(path, copy);

  const third = await openAt(path);
  expect(third.restored).toEqual(["threshold signing has gone back"]);
  expect(await third.threshold.takeUses(session().tokenHash, at(1), [request()])).toBe(false);
  expect(await third.threshold.key(keyRecord().keyId)).toEqual(keyRecord());
  await third.close();
  const fourth = await openAt(path);
  expect(fourth.restored).toEqual([]);
  await fourth.close();
});
