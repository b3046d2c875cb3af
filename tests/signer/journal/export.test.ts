import { exportJournal } from "@countersign/signer-service/journal/export.ts";
import { importJournal } from "@countersign/signer-service/journal/import.ts";
import { verifyJournal } from "@countersign/signer-service/journal/verify.ts";
import { expect, it } from "vitest";
import { activeKeys, repairGrant, request, signed, told } from "./builders.ts";
import { at, overStores, type StoreContext } from "./stores.ts";

async function* linesOf(lines: readonly string[]): AsyncGenerator<string> {
  yield* lines;
}

async function exported(on: Pick<StoreContext, "engine">): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of exportJournal(on.engine, () => at(0))) lines.push(line);
  return lines;
}

/** A journal with a signed entry, a reserved one, a repaired one and one of another key. */
async function fill({ store }: StoreContext) {
  const [key, other] = await activeKeys(store, "a", "b");
  const asked = [
    request(key, 101n, "one", { deposit: 5n, gas: 6n }),
    request(key, 102n, "two", { grant: null }),
    request(other, 101n, "three"),
    request(key, 103n, "old", { deposit: 4n }),
  ] as const;
  await store.journal.reserve(asked);
  await store.journal.record([signed(key, asked[0])]);
  await store.adminGrants.install(repairGrant(key, 103n, "old"), "test");
  await store.journal.reserve([request(key, 103n, "new")]);
  await store.keyRecords.setPause("b", "odd", "test");
  return { key, other };
}

/** The export with one line that its author says otherwise. */
function altered(lines: readonly string[], line: number, change: (fields: Record<string, unknown>) => void) {
  const fields = JSON.parse(lines[line] ?? "") as Record<string, unknown>;
  change(fields);
  return lines.with(line, `${JSON.stringify(fields)}\n`);
}

overStores("an export of the journal", (on) => {
  it("verifies, and says how many entries there are and what the last one's hash is", async () => {
    await fill(on);
    const { headHash } = await on.store.status();
    expect(await verifyJournal(linesOf(await exported(on)))).toEqual({
      ok: true,
      keys: 2,
      entries: 5n,
      headHash: Buffer.from(headHash).toString("hex"),
    });
  });

  it("of an empty journal verifies", async () => {
    expect(await verifyJournal(linesOf(await exported(on)))).toMatchObject({
      ok: true,
      entries: 0n,
      keys: 0,
    });
  });

  it("does not verify when a byte of it is another", async () => {
    // The bytes are the same from both engines.
    if (on.home.shared) return;
    await fill(on);
    const lines = await exported(on);
    const whole = Buffer.from(lines.join(""));
    for (let i = 0; i < whole.length; i++) {
      const bytes = Buffer.from(whole);
      bytes[i] = (bytes[i] ?? 0) ^ 1;
      const result = await verifyJournal(linesOf(bytes.toString().split(/(?<=\n)/)));
      expect(result.ok, `byte ${i}`).toBe(false);
    }
  });

  it("names the entry of which a field is another", async () => {
    await fill(on);
    const lines = await exported(on);
    const first = lines.findIndex((line) => line.startsWith('{"type":"entry"'));
    const fields = Object.entries(JSON.parse(lines[first] ?? "") as Record<string, unknown>);
    for (const [name, value] of fields.filter(([name]) => name !== "type")) {
      const other = typeof value === "number" ? value + 1 : otherText(String(value));
      const result = await verifyJournal(linesOf(altered(lines, first, (entry) => (entry[name] = other))));
      expect(result, name).toMatchObject({ ok: false, line: first + 1 });
    }
  });

  it("does not verify when lines are missing, repeated, in another order or cut off", async () => {
    await fill(on);
    const lines = await exported(on);
    for (let i = 0; i < lines.length; i++) {
      const changes = [
        lines.toSpliced(i, 1),
        lines.toSpliced(i, 0, lines[i] ?? ""),
        lines.slice(0, i),
        ...(i > 0 ? [lines.toSpliced(i - 1, 2, lines[i] ?? "", lines[i - 1] ?? "")] : []),
      ];
      for (const change of changes) expect((await verifyJournal(linesOf(change))).ok).toBe(false);
    }
    expect((await verifyJournal(linesOf(lines.with(1, "x".repeat(20_000))))).ok).toBe(false);
  });

  it("put into an empty store leaves it locked and knows every nonce again", async () => {
    const { key, other } = await fill(on);
    const lines = await exported(on);
    const before = await on.store.status();
    const { store, engine, home } = await emptied(on);

    const end = await importJournal(engine, linesOf(lines), { actor: "test", at: at(1) });
    expect(end).toEqual({ sequence: 5n, hash: before.headHash });
    expect(await store.status()).toEqual(before);
    expect(await store.keyRecords.list()).toMatchObject([
      { keyId: "a", state: "ACTIVE", nonceFloor: null, highestNonce: 103n, pauseReason: null },
      { keyId: "b", state: "ACTIVE", nonceFloor: null, highestNonce: 101n, pauseReason: "odd" },
    ]);
    const again = () => [
      request(key, 101n, "one"),
      request(key, 103n, "new"),
      request(key, 103n, "old"),
      request(key, 104n, "next"),
      request(other, 102n, "next"),
    ];
    expect(told(await store.journal.reserve(again()))).toEqual([
      "signed",
      "SIGNER_JOURNAL_LOCKED",
      "SIGNER_NONCE_CONFLICT",
      "SIGNER_JOURNAL_LOCKED",
      "SIGNER_KEY_PAUSED",
    ]);
    await store.keyRecords.setFloors([{ keyId: "a", nonce: 101n }], "test");
    const dear = request(key, 105n, "dear", { deposit: 2n, depositPerDay: 10n });
    // 6 of "one", and 1 each of "two", "old", "new" and "next".
    const burning = request(key, 105n, "burning", { gasPerDay: 10n });
    expect(told(await store.journal.reserve([...again().slice(0, 4), dear, burning]))).toEqual([
      "signed",
      "reserved",
      "SIGNER_NONCE_CONFLICT",
      "reserved",
      "SIGNER_DAILY_DEPOSIT_EXHAUSTED",
      "SIGNER_DAILY_GAS_EXHAUSTED",
    ]);
    const next = request(key, 105n, "next but one", { gasPerDay: 11n });
    expect(told(await store.journal.reserve([next]))).toEqual(["reserved"]);
    expect(await verifyJournal(exportJournal(engine, () => at(0)))).toMatchObject({ ok: true, entries: 7n });
    await home.remove();
  });

  it("is taken into an empty store only, and not at all when it is altered", async () => {
    await fill(on);
    const lines = await exported(on);
    const by = { actor: "test", at: at(1) };
    await expect(importJournal(on.engine, linesOf(lines), by)).rejects.toThrow(/not empty/);
    const { store, engine, home } = await emptied(on);
    await expect(importJournal(engine, linesOf(lines.slice(0, -1)), by)).rejects.toThrow(/cut off/);
    expect(await store.keyRecords.list()).toEqual([]);
    expect((await store.status()).entries).toBe(0n);
    await home.remove();
  });
});

/** Another text of the same kind. */
function otherText(text: string): string {
  if (text === "") return "x";
  const last = text.at(-1) === "1" ? "2" : "1";
  return text.slice(0, -1) + last;
}

/** An empty store on the same kind of engine. */
async function emptied(on: StoreContext) {
  const home = await on.home.another();
  return { ...(await home.open()), home };
}
