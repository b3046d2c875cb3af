import { copyFileSync, rmSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { Load } from "./support/load.ts";
import { startWithOneKey, tryTransfer } from "./support/one-key.ts";
import { openJournal, startChain, startRelay } from "./support/relaying.ts";

async function relaying() {
  const operator = await startWithOneKey();
  const key = (await operator.keys()).first?.public_key ?? "";
  const chain = await startChain([key], 2);
  const relay = await startRelay(chain, operator, { keyIds: ["first"] });
  const load = new Load(chain, relay);
  await load.more(3);
  const isLocked = async () => {
    const nonce = chain.devnet.chain.log.at(-1)?.nonce ?? 0n;
    const asked = await tryTransfer(operator, key, nonce + 1_000n);
    expect((await operator.admin("status")).includes("locked:")).toBe(asked === "SIGNER_JOURNAL_LOCKED");
    return asked === "SIGNER_JOURNAL_LOCKED";
  };
  /** The journal opens with what the chain says, and nothing was lost meanwhile. */
  const goesOn = async () => {
    expect(await isLocked()).toBe(true);
    await openJournal(operator, chain);
    expect(await isLocked()).toBe(false);
    await load.more(4);
    await load.stop();
    await operator.exported("journal");
  };
  return { operator, load, goesOn };
}

describe("a journal that is put back", () => {
  it("from a backup is locked until the floors are read from the chain; what waits goes on", async () => {
    const { operator, load, goesOn } = await relaying();
    await operator.run("journal", "backup", "--config", operator.config, "--out", operator.file("backup.db"));
    await load.more(3);
    expect(await operator.stop()).toBe(0);
    for (const ending of ["-wal", "-shm"]) rmSync(`${operator.storePath}${ending}`, { force: true });
    copyFileSync(operator.file("backup.db"), operator.storePath);
    await operator.start();
    await goesOn();
  });

  it("by import into an empty store is locked likewise", async () => {
    const { operator, goesOn } = await relaying();
    expect(await operator.stop()).toBe(0);
    const file = operator.file("export.jsonl");
    const config = ["--config", operator.config];
    await operator.run("journal", "export", ...config, "--out", file);
    expect(await operator.refused("journal", "import", file, ...config)).toContain("the store is not empty");
    operator.configure({ store: { url: `sqlite:${operator.file("state/new.db")}` } });
    await operator.run("journal", "import", file, ...config);
    await operator.start();
    await goesOn();
  });
});
