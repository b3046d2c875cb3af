import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { Seals } from "@countersign/signer-service/sealing/seals.ts";
import { openEcdsaStore } from "@countersign/signer-service/threshold/store/sql-ecdsa-store.ts";
import { openThresholdStore } from "@countersign/signer-service/threshold/store/sql-threshold-store.ts";
import { expect, it } from "vitest";
import { configOf, open } from "../store/stores.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { at, KEY_ID, OWNER, request, SEALING_KEY } from "../threshold-store/threshold-builders.ts";
import { EPOCH, entry, signing } from "./ecdsa-builders.ts";

const PROGRAM = fileURLToPath(new URL("./sign-forever.ts", import.meta.url));
const STAGES = ["available", "reserved", "used"];

it.each([1, 2, 3, 21])("what was told before a kill -9 after %i lines is so after it", async (lines) => {
  const url = `sqlite:${join(temporaryDirectory(), "signer.db")}`;
  const child = spawn(process.execPath, [PROGRAM, url]);
  const exited = once(child, "exit");
  const told = new Map<string, string>();
  let seen = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    const [stage = "", id = ""] = line.split(" ");
    told.set(id, stage);
    seen += 1;
    if (seen === lines) child.kill("SIGKILL");
  }
  expect(await exited).toEqual([null, "SIGKILL"]);

  const { engine, restored } = await open(configOf(url));
  expect(restored).toEqual([]);
  const seals = new Seals([SEALING_KEY]);
  const options = { seals: () => seals, onUnreadable: () => {} };
  const [store, ecdsa] = [openThresholdStore(engine, options), openEcdsaStore(engine, options)];
  const pool = (await ecdsa.pool(OWNER, KEY_ID, EPOCH)).map((id) => Buffer.from(id).toString("hex"));
  for (const [id, stage] of told) {
    const presignature = entry(id).id;
    const isAvailable = pool.includes(Buffer.from(presignature).toString("hex"));
    const standing = await ecdsa.ecdsaSigning(id, at(1));
    const now = isAvailable ? "available" : standing?.stage === "done" ? "used" : standing?.stage;
    // The last one may have gone on without a word of it.
    expect(STAGES.slice(STAGES.indexOf(stage))).toContain(now);

    // Nobody gets a presignature a second time, and an answer stays what it was.
    const another = request();
    await store.putRequests([another]);
    const again = await ecdsa.reserve(signing(another, presignature), EPOCH, 1, at(1));
    expect(again.kind === "reserved").toBe(isAvailable);
    const finished = await ecdsa.finishEcdsaSigning(id, Buffer.from("another"), at(1));
    expect(finished).toBe(standing?.stage === "reserved");
    if (standing?.stage === "done") expect(Buffer.from(standing.answer).toString()).toBe(id);
  }
});
