import { DatabaseSync } from "node:sqlite";
import { expect, test, vi } from "vitest";
import { inProcess } from "./support/in-process.ts";
import { delegate } from "./support/payloads.ts";
import { ThresholdWallet } from "./support/threshold-wallet.ts";

/** Tables of one row. */
const SINGLE_ROW = ["store_identity", "si"];

test("no statement of a signature reads more of a table than what it is about", async () => {
  const prepare = vi.spyOn(DatabaseSync.prototype, "prepare");
  try {
    const wallet = await ThresholdWallet.withKey(await inProcess(() => ({})));
    const token = await wallet.mint();
    prepare.mockClear();
    const [given] = await wallet.authorize(delegate(wallet).payload, token);
    if (given === undefined) expect.fail("no request");
    await wallet.sign(given);
    const statements = prepare.mock.calls
      .map(([text], i) => ({ text, db: prepare.mock.contexts[i] as DatabaseSync }))
      .filter(({ text }) => /^(select|update|delete|insert)/.test(text));
    expect(statements.map(({ text }) => text)).toContainEqual(expect.stringContaining("threshold_signings"));
    const scanned = statements.flatMap(({ text, db }) =>
      db
        .prepare(`explain query plan ${text}`)
        .all()
        .map(({ detail }) => /^SCAN (\w+)/.exec(String(detail))?.[1])
        .filter((table) => table !== undefined && !SINGLE_ROW.includes(table))
        .map((table) => `${table}: ${text}`),
    );
    expect(scanned).toEqual([]);
  } finally {
    prepare.mockRestore();
  }
});
