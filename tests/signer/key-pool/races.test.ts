import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { createDatabase, postgresUrl } from "../../support/postgres.ts";
import type { SignerSettings } from "../../support/signer-settings.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { newKey, outcome, type PoolSigner, poolConfig, startPoolSigner } from "./support/pool-signer.ts";

/** One signer, whose calls come at once. */
async function alone(): Promise<PoolSigner[]> {
  const signer = await startPoolSigner();
  return [signer, signer];
}

/** Two signers with the same keys, each in a keystore of its own, on one PostgreSQL. */
async function together(): Promise<PoolSigner[]> {
  const database = await createDatabase();
  onTestFinished(() => database.drop());
  const store: SignerSettings = { store: { url: "env:STORE_URL" } };
  const env = { STORE_URL: database.url };
  const config = await poolConfig(store, env);
  const [backend] = config.backends;
  if (backend?.type !== "keystore") throw new Error("no keystore");
  const file = join(temporaryDirectory(), "keystore.json");
  copyFileSync(backend.file, file);
  const other = await poolConfig(store, env);
  const backends = [{ ...backend, file }];
  return [await startPoolSigner(config), await startPoolSigner({ ...other, backends })];
}

/** Asks again while the signers are busy with another key. */
async function generate({ pools }: PoolSigner, keyId: string): Promise<string> {
  for (;;) {
    const answer = await outcome(pools.generatePoolKey(newKey(keyId)));
    if (answer !== "RELOAD_RUNNING") return answer;
  }
}

const stores: [string, boolean, () => Promise<PoolSigner[]>][] = [
  ["SQLite", true, alone],
  ["PostgreSQL and two signers", postgresUrl !== undefined, together],
];

describe.each(stores)("relays' calls at once, on %s", (_, available, start) => {
  it.skipIf(!available)("make no more keys than the grant says", async () => {
    const signers = await start();
    const [first] = signers;
    await first?.grant("g", { maxKeys: 4 });
    const calls = signers.flatMap((signer, s) => [1, 2, 3, 4].map((i) => generate(signer, `pool-${s}-${i}`)));
    const answers = await Promise.all(calls);
    expect(answers.filter((answer) => answer === "PENDING")).toHaveLength(2);
    expect(answers.filter((answer) => answer === "SIGNER_POLICY_DENIED")).toHaveLength(6);
    const { keys } = (await first?.admin.getStatus({})) ?? { keys: [] };
    expect(keys).toHaveLength(4);
  });

  it.skipIf(!available)("make one key of one name", async () => {
    const signers = await start();
    await signers[0]?.grant("g", { maxKeys: 4 });
    const answers = await Promise.all(
      signers.flatMap((signer) => [1, 2].map(() => generate(signer, "pool-1"))),
    );
    expect(answers).toEqual(Array(4).fill("PENDING"));
    const made = await Promise.all(signers.map(({ pools }) => pools.generatePoolKey(newKey("pool-1"))));
    expect(new Set(made.map(({ key }) => key?.publicKey)).size).toBe(1);
    // Nobody holds another key of this name: both can load what they have.
    for (const { admin } of signers) expect((await admin.reload({})).removed).toEqual([]);
  });

  it.skipIf(!available)("drain no key below the grant's least", async () => {
    const signers = await start();
    await signers[0]?.grant("g", { minActive: 1 });
    const drains = signers.flatMap(({ pools }) =>
      ["a", "b"].map((keyId) => outcome(pools.drainPoolKey({ keyId }))),
    );
    const answers = await Promise.all(drains);
    expect(answers.filter((answer) => answer === "DRAINED").length).toBeGreaterThan(0);
    expect(answers.filter((answer) => answer === "SIGNER_POLICY_DENIED").length).toBeGreaterThan(0);
    const states = Object.values((await signers[0]?.states()) ?? {});
    expect(states.toSorted()).toEqual(["ACTIVE", "DRAINED"]);
  });

  it.skipIf(!available)("are refused at once when the grant is revoked", async () => {
    const signers = await start();
    await signers[0]?.grant("g");
    const revoked = signers[0]?.admin.revokeAdminGrant({ id: "g" });
    await Promise.all([revoked, ...signers.map((signer, s) => generate(signer, `pool-${s}`))]);
    for (const signer of signers) {
      expect(await generate(signer, "pool-9")).toBe("SIGNER_POLICY_DENIED");
      expect(await outcome(signer.pools.drainPoolKey({ keyId: "a" }))).toBe("SIGNER_POLICY_DENIED");
    }
  });
});
