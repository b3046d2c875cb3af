import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { type GenesisAccount, startDevnet } from "@countersign/devnet";
import { formatPublicKey } from "@countersign/near";
import { adminGrantCommand } from "@countersign/signer-service/commands/admin-grant.ts";
import { floorsCommand } from "@countersign/signer-service/commands/floors.ts";
import { keyCommand } from "@countersign/signer-service/commands/key.ts";
import { reloadCommand } from "@countersign/signer-service/commands/reload.ts";
import { statusCommand } from "@countersign/signer-service/commands/status.ts";
import { signedAdminGrantJson } from "@countersign/signer-service/grants/admin-grant-codec.ts";
import { signAdminGrant } from "@countersign/signer-service/grants/admin-grant-signature.ts";
import { describe, expect, it, onTestFinished } from "vitest";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { AUDIENCE, configuredKey, heldKey, NETWORK, startAdmin } from "./support/admin-world.ts";
import { placeOf } from "./support/memory-backend.ts";
import { runCommand } from "./support/run-command.ts";

const start = () => startAdmin({ places: { hsm: placeOf("a") }, keys: [configuredKey("a")] });

async function devnet(keys: readonly string[], networkId = NETWORK): Promise<string> {
  const accounts: GenesisAccount[] = [{ id: "relay.near", balance: `1${"0".repeat(26)}`, keys }];
  const chain = await startDevnet({ networkId, accounts, blockTimeMs: 0 });
  onTestFinished(() => chain.stop());
  return chain.rpcUrls[0] ?? "";
}

/** A node that says this of every access key. */
async function scriptedNode(answer: (method: string) => unknown): Promise<string> {
  const server = createServer((request, response) => {
    let text = "";
    request.on("data", (chunk) => {
      text += chunk;
    });
    request.on("end", () => response.end(JSON.stringify({ id: 1, result: answer(JSON.parse(text).method) })));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/api-key`;
}

const aheadNode = (nonce: number) =>
  scriptedNode((method) =>
    method === "status"
      ? { chain_id: NETWORK, sync_info: { syncing: false } }
      : { nonce, permission: "FullAccess", block_height: 100 },
  );

describe("signer floors", () => {
  it("shows the highest nonce that the nodes have, and sets it only with --yes", async () => {
    const { address, client, ring } = await start();
    const rpc = [await devnet([formatPublicKey(heldKey(ring, "a").publicKey)]), await aheadNode(41)];
    const args = ["--admin", address, "--rpc", ...rpc];

    const shown = await runCommand(floorsCommand(), ...args);
    expect(shown.error).toContain("--yes");
    expect(shown.stderr).toMatch(/^a +relay\.near +41 +- +-$/m);
    expect((await client.getStatus({})).keys[0]?.nonceFloor).toBeUndefined();

    expect((await runCommand(floorsCommand(), ...args, "--yes")).error).toBeNull();
    expect((await client.getStatus({})).keys[0]?.nonceFloor).toBe(41n);
    expect((await client.getStatus({})).journal?.lockReason).toBe("");
  });

  it("reads the nonce of a key that has signed nothing yet from a chain", async () => {
    const { address, client, ring } = await start();
    const rpc = await devnet([formatPublicKey(heldKey(ring, "a").publicKey)]);
    const { error } = await runCommand(
      floorsCommand(),
      "--admin",
      address,
      "--rpc",
      rpc,
      "--key-id",
      "a",
      "--yes",
    );
    expect(error).toBeNull();
    expect((await client.getStatus({})).keys[0]?.nonceFloor).toBe(0n);
  });

  it("sets nothing when a key is not on the chain", async () => {
    const { address, client } = await start();
    const { error } = await runCommand(
      floorsCommand(),
      "--admin",
      address,
      "--rpc",
      await devnet([]),
      "--yes",
    );
    expect(error).toContain("key a is not on the chain yet");
    expect((await client.getStatus({})).keys[0]?.nonceFloor).toBeUndefined();
  });

  it.each([
    ["gives no answer", async () => "http://127.0.0.1:1/secret", "127.0.0.1:1 gives no answer"],
    ["is another network's", () => devnet([], "testnet"), "different networks"],
    ["gives no JSON-RPC", () => scriptedNode(() => undefined), "gives no status that can be read"],
    [
      "is catching up",
      () => scriptedNode(() => ({ chain_id: NETWORK, sync_info: { syncing: true } })),
      "catching up",
    ],
    ["gives too much", () => scriptedNode(() => "x".repeat(2_000_000)), "gives no answer"],
  ])("sets nothing when one of the nodes %s, and shows no URL", async (_, other, message) => {
    const { address, client } = await start();
    const rpc = [await aheadNode(41), await other()];
    const { error } = await runCommand(floorsCommand(), "--admin", address, "--rpc", ...rpc, "--yes");
    expect(error).toContain(message);
    expect(error).not.toMatch(/secret|api-key/);
    expect((await client.getStatus({})).keys[0]?.nonceFloor).toBeUndefined();
  });
});

describe("signer key", () => {
  it("leads a key through its life; activate reads the nonce from the chain", async () => {
    const { address } = await start();
    const step = (name: string, ...args: string[]) =>
      runCommand(keyCommand(), name, "--admin", address, "--key-id", "b", ...args);
    const made = await step("generate", "--backend", "hsm", "--network", NETWORK, "--account", "relay.near");
    const publicKey = /^public key: (ed25519:\S+)$/m.exec(made.stdout)?.[1] ?? "";
    expect(made.stdout).toContain("pending");

    expect((await step("activate")).error).toContain("either --rpc or --nonce");
    expect((await step("activate", "--rpc", await devnet([]))).error).toContain("not on the chain yet");
    expect((await step("activate", "--rpc", await devnet([publicKey]))).stdout).toContain("active");
    const paused = await step("pause", "--reason", "odd\u001b[31m");
    expect(paused.stdout).toContain("paused: odd?[31m");
    expect((await step("resume")).stdout).not.toContain("paused");
    expect((await step("drain")).stdout).toContain("drained");
    expect((await step("retire")).stdout).toContain("retired");
    expect((await step("activate", "--nonce", "9")).error).toContain("[failed_precondition]");
  });
});

describe("signer status, reload and admin-grant", () => {
  it("print what the signer says, for people and as JSON", async () => {
    const { address, adminKey } = await start();
    const status = await runCommand(statusCommand(), "--admin", address);
    expect(status.stdout).toMatch(/^a +countersign-devnet +relay\.near +active +hsm/m);
    expect(status.stdout).toContain("locked");
    const json = await runCommand(statusCommand(), "--admin", address, "--json");
    expect(JSON.parse(json.stdout)).toMatchObject({ audience: AUDIENCE, keys: [{ key: { key_id: "a" } }] });
    expect((await runCommand(reloadCommand(), "--admin", address)).stdout).toContain("keys added: none");

    const notBefore = new Date();
    const expiresAt = new Date(notBefore.getTime() + 60_000);
    const names = { network: NETWORK, accountId: "relay.near", mayAdd: true, mayDelete: true };
    const grant = {
      id: "g",
      audience: AUDIENCE,
      notBefore,
      expiresAt,
      allows: { kind: "key_management", ...names },
    } as const;
    const file = join(temporaryDirectory(), "grant.json");
    writeFileSync(file, signedAdminGrantJson(signAdminGrant(grant, "ops", adminKey)));
    const grants = (...args: string[]) => {
      const [name = "", ...rest] = args;
      return runCommand(adminGrantCommand(), name, "--admin", address, ...rest);
    };
    expect((await grants("install", file)).stdout).toMatch(/^g +add keys, delete keys/m);
    expect((await grants("revoke", "g")).stdout).toContain("revoked");
    expect((await grants("list")).stdout).toMatch(/^g .* revoked$/m);
    writeFileSync(file, "{}}");
    expect((await grants("install", file)).error).toContain("holds no signed admin grant");
  });

  it("say so when nobody listens, or the address is none", async () => {
    const socket = `unix:${join(temporaryDirectory(), "none.sock")}`;
    expect((await runCommand(statusCommand(), "--admin", socket)).error).toContain("ENOENT");
    expect((await runCommand(statusCommand(), "--admin", "http://h:1")).error).toContain("--admin must be");
    expect((await runCommand(statusCommand(), "--admin", "https://h:1")).error).toContain("--ca");
  });
});
