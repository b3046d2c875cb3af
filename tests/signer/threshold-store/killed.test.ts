import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { Seals } from "@countersign/signer-service/sealing/seals.ts";
import { openThresholdStore } from "@countersign/signer-service/threshold/store/sql-threshold-store.ts";
import { expect, it } from "vitest";
import { configOf, open } from "../store/stores.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { at, SEALING_KEY } from "./threshold-builders.ts";

const PROGRAM = fileURLToPath(new URL("./sign-forever.ts", import.meta.url));

it.each([1, 2, 3, 20, 21])("what was told before a kill -9 after %i lines is so after it", async (lines) => {
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
  const store = openThresholdStore(engine, { seals: () => seals, onUnreadable: () => {} });
  for (const [id, stage] of told) {
    const standing = await store.signing(id, at(1));
    // The last one may have been finished without a word of it.
    const stages = stage === "done" ? ["done"] : ["open", "done"];
    expect(stages).toContain(standing?.stage);
    const again = await store.finishSigning(id, new Uint8Array(32), Buffer.from("another"), at(1));
    expect(again).toBe(standing?.stage === "open");
    if (standing?.stage === "done") expect(Buffer.from(standing.answer).toString()).toBe(id);
  }
});
