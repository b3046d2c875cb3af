import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { countersign } from "../admin/countersign-cli.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "failed-start-"));
});
afterEach(() => rm(folder, { recursive: true }));

/** Runs a relay over its own ledger, with these settings beside the least that it needs, until it ends. */
function runRelay(settings: Readonly<Record<string, string>>) {
  const all = {
    network: "testnet",
    "listen.port": "0",
    "operations.port": "0",
    "ledger.url": `sqlite:${join(folder, "relay.db")}`,
    "signer.url": `unix:${join(folder, "signer.sock")}`,
    "near.endpoints": '[{"url": "http://127.0.0.1:1"}]',
    relayers: '[{"account_id": "app.testnet", "key_ids": ["relayer-1"]}]',
    "log.level": "silent",
    ...settings,
  };
  const flags = Object.entries(all).flatMap(([path, value]) => ["--set", `${path}=${value}`]);
  return countersign(["relay", ...flags], { ADMIN_KEY: "secret-of-an-operator-in-a-test-1" });
}

test.each(["listen.port", "operations.port"])("a relay whose %s is taken ends, and says so", async (path) => {
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  const { port } = other.address() as AddressInfo;
  try {
    const result = await runRelay({ [path]: String(port) });
    expect(result).toMatchObject({ code: 1, stdout: "" });
    expect(result.stderr).toContain(`EADDRINUSE: address already in use 127.0.0.1:${port}`);
  } finally {
    other.close();
  }
});

test("a relay that cannot open its admin port ends, and says so", async () => {
  const missing = join(folder, "admin.pem");
  const result = await runRelay({
    "admin.listen": '{"host": "127.0.0.1", "port": 0}',
    "admin.tls": JSON.stringify({ cert_file: missing, key_file: missing }),
    "admin.keys": '[{"name": "ops", "role": "admin", "secret": "env:ADMIN_KEY"}]',
  });
  expect(result).toMatchObject({ code: 1, stdout: "", stderr: `${missing} cannot be read (ENOENT)\n` });
});
