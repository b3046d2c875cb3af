import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  copyFileSync,
  cpSync,
  existsSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { addEntry, addOpenKey, configOf, during, isOpen, lockings, open, type TestStore } from "./stores.ts";

/** A path of a store, and its configuration. */
function place(folder = temporaryDirectory()) {
  const path = join(folder, "signer.db");
  return { folder, path, file: `${path}.incarnation`, config: configOf(`sqlite:${path}`) };
}

async function withKeyAndEntries(store: TestStore): Promise<void> {
  await addOpenKey(store);
  for (let i = 0; i < 3; i++) await addEntry(store);
}

const threeMore = async (store: TestStore) => {
  for (let i = 0; i < 3; i++) await addEntry(store);
};

it("a new store says nothing, and its incarnation file is its user's alone", async () => {
  const { config, file } = place();
  const store = await open(config);
  expect(store.restored).toEqual([]);
  expect(store.warnings).toEqual([]);
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

it("a store that is opened again stays open", async () => {
  const { config } = place();
  await during(config, withKeyAndEntries);
  await during(config, threeMore);
  const store = await open(config);
  expect(store.restored).toEqual([]);
  expect(await isOpen(store)).toBe(true);
});

it("a store whose folder was renamed stays open", async () => {
  const { config, folder } = place(join(temporaryDirectory(), "before"));
  await during(config, withKeyAndEntries);
  const moved = `${folder}.after`;
  renameSync(folder, moved);
  const store = await open(place(moved).config);
  expect(await isOpen(store)).toBe(true);
});

const lockedAfter: readonly [string, RegExp, (at: ReturnType<typeof place>) => Promise<void>][] = [
  [
    "an older copy was written over the database",
    /lacks entries/,
    async ({ path, config }) => {
      const backup = readFileSync(path);
      await during(config, threeMore);
      writeFileSync(path, backup);
    },
  ],
  [
    "an older copy was written over the database, and as many entries were added to it elsewhere",
    /lacks entries/,
    async ({ path, file, config }) => {
      const [database, record] = [readFileSync(path), readFileSync(file)];
      await during(config, threeMore);
      const younger = readFileSync(file);
      writeFileSync(path, database);
      writeFileSync(file, record);
      await during(config, async (store) => {
        for (let i = 0; i < 4; i++) await addEntry(store, "elsewhere");
      });
      writeFileSync(file, younger);
    },
  ],
  [
    "a copy took the database's place, even one that lacks nothing",
    /was copied/,
    async ({ path }) => {
      copyFileSync(path, `${path}.copy`);
      renameSync(`${path}.copy`, path);
    },
  ],
  ["its incarnation file was deleted", /missing or broken/, async ({ file }) => rmSync(file)],
  ["its incarnation file was cut off", /missing or broken/, async ({ file }) => truncateSync(file, 100)],
  [
    "its incarnation file was replaced by a copy",
    /was copied/,
    async ({ file }) => {
      copyFileSync(file, `${file}.copy`);
      renameSync(`${file}.copy`, file);
    },
  ],
  [
    "it got another store's incarnation file",
    /another store's/,
    async ({ file }) => {
      const other = place();
      await during(other.config, withKeyAndEntries);
      writeFileSync(file, readFileSync(other.file));
    },
  ],
];

it.each(lockedAfter)("a store is locked once after %s", async (_, reason, change) => {
  const at = place();
  await during(at.config, withKeyAndEntries);
  await change(at);
  await during(at.config, async (store) => {
    expect(store.restored).toEqual([expect.stringMatching(reason)]);
    expect(await isOpen(store)).toBe(false);
    expect(await lockings(store)).toEqual(store.restored);
  });
  const again = await open(at.config);
  expect(again.restored).toEqual([]);
  expect(await isOpen(again)).toBe(false);
});

it("a copy of the whole folder is locked, and the original stays open", async () => {
  const original = place();
  await during(original.config, withKeyAndEntries);
  const copy = place(join(temporaryDirectory(), "copy"));
  cpSync(original.folder, copy.folder, { recursive: true, preserveTimestamps: true });
  const store = await open(copy.config);
  expect(store.restored).toEqual([expect.stringMatching(/was copied/)]);
  expect(await isOpen(store)).toBe(false);
  expect(await isOpen(await open(original.config))).toBe(true);
});

it("a start that was killed between the incarnation file and the database is done again", async () => {
  const { config, file } = place();
  await during(config, withKeyAndEntries);
  const record = JSON.parse(readFileSync(file, "utf8"));
  const other = { ...record, incarnation: "00000000-0000-4000-8000-000000000000" };
  writeFileSync(file, `${JSON.stringify(other).padEnd(511)}\n`);
  expect(await isOpen(await open(config))).toBe(false);
});

/** Runs a signer that adds entries and kills it once a later one than `after` stands in the incarnation file. */
async function killed({ path, file }: ReturnType<typeof place>, after: bigint): Promise<bigint> {
  const script = fileURLToPath(new URL("./add-forever.ts", import.meta.url));
  const child = spawn(process.execPath, [script, `sqlite:${path}`], { stdio: ["ignore", "pipe", "inherit"] });
  const closed = once(child, "close");
  let last = 0n;
  for await (const line of createInterface(child.stdout)) {
    last = BigInt(line);
    if (BigInt(JSON.parse(readFileSync(file, "utf8")).sequence) > after) child.kill("SIGKILL");
  }
  await closed;
  expect(child.signalCode).toBe("SIGKILL");
  return last;
}

it("a store of a signer that was killed while it added entries stays open, three times over", async () => {
  const at = place();
  await during(at.config, withKeyAndEntries);
  let last = 3n;
  for (let round = 0; round < 3; round++) last = await killed(at, last);
  const store = await open(at.config);
  expect(store.restored).toEqual([]);
  expect(await isOpen(store)).toBe(true);
  expect(await addEntry(store)).toBeGreaterThan(last);
});

it("a store of a signer that was killed is locked when an older copy was written over it", async () => {
  const at = place();
  await during(at.config, withKeyAndEntries);
  const backup = readFileSync(at.path);
  await killed(at, 3n);
  writeFileSync(at.path, backup);
  for (const rest of ["-wal", "-shm"]) rmSync(`${at.path}${rest}`);
  const store = await open(at.config);
  expect(store.restored).toEqual([expect.stringMatching(/lacks entries/)]);
  expect(await isOpen(store)).toBe(false);
});

it("a link in the incarnation file's place is refused, and what it leads to stays as it is", async () => {
  const { config, file, folder } = place();
  const target = join(folder, "other");
  writeFileSync(target, "kept");
  symlinkSync(target, file);
  await expect(open(config)).rejects.toThrow(/ELOOP/);
  expect(readFileSync(target, "utf8")).toBe("kept");
});

it("the incarnation file stands where the configuration says", async () => {
  const { config, file, folder } = place();
  const incarnationFile = join(folder, "elsewhere");
  await during({ ...config, incarnationFile }, withKeyAndEntries);
  expect(existsSync(file)).toBe(false);
  expect(await isOpen(await open({ ...config, incarnationFile }))).toBe(true);
});

it("a second signer is refused while the first one has the store open", async () => {
  const { config } = place();
  const first = await open(config);
  await expect(open(config)).rejects.toThrow(/open in another process/);
  await addOpenKey(first);
  await first.engine.close();
  expect(await isOpen(await open(config))).toBe(true);
});
