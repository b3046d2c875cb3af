import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { GrantSigner } from "@countersign/server/signer-client/grant-signer.ts";
import { Secret } from "@countersign/service-kit";
import { expect, it } from "vitest";
import { keystorePlace } from "../signer/operations/support/places.ts";
import { openJournal, startChain } from "../signer/operations/support/relaying.ts";
import { AUDIENCE } from "../signer/operations/support/signer-operator.ts";
import { temporaryDirectory } from "../signer/support/temporary-directory.ts";
import { openPolicy } from "../support/signer-settings.ts";
import { NETWORK, RELAYER } from "../support/test-relay.ts";
import { type ReplicaOptions, startReplica } from "./support/replica.ts";

const TIMEOUT_MS = 120_000;
const POLICY = { ...openPolicy(NETWORK, RELAYER), key_management: true };
const MANAGES = ["sign-key-management", "--network", NETWORK, "--account", RELAYER];

/** A signer process with an active key "keeper" and a pending one "pool-a", and a chain that has the first. */
async function startParts(wallets = 0) {
  const operator = await keystorePlace("keeper");
  await operator.makeAdminKey();
  operator.configure({ policies: { keeper: POLICY } });
  await operator.start();
  const names = ["--network", NETWORK, "--account", RELAYER];
  await operator.admin("key", "generate", "--key-id", "pool-a", "--backend", "keys", ...names);
  operator.configure({ policies: { keeper: POLICY, "pool-a": POLICY } });
  await operator.admin("reload");
  const { keeper, "pool-a": pooled } = await operator.keys();
  const publicKey = pooled?.public_key ?? "";
  const chain = await startChain([keeper?.public_key ?? ""], wallets);
  await openJournal(operator, chain);
  const { d = "" } = operator.grantKey.export({ format: "jwk" });
  const seed = new Secret(Buffer.from(d, "base64url").toString("hex"));
  const grants = new GrantSigner({
    ...{ audience: AUDIENCE, keyId: "relay", seed, randomBytes },
    now: () => new Date(),
  });
  const ledgerUrl = `sqlite:${join(temporaryDirectory(), "relay.db")}`;
  const relayers = [{ accountId: RELAYER, keyIds: ["keeper"], keyIdPrefix: "pool-" }];
  const { devnet } = chain;
  const replica = (more: Partial<ReplicaOptions> = {}) =>
    startReplica({ ...{ devnet, socketPath: operator.socketPath, ledgerUrl, relayers, grants }, ...more });
  const isOnChain = () => devnet.chain.stateAt().accessKey(RELAYER, publicKey) !== undefined;
  return { operator, chain, publicKey, replica, isOnChain };
}

it(
  "a key is added to its account and deleted again by a lane, within an admin grant and not without",
  async () => {
    const { operator, chain, publicKey, replica, isOnChain } = await startParts(8);
    const relay = await replica();
    const change = async (kind: "add" | "delete", mark: string) => {
      const asked = { kind, accountId: RELAYER, publicKey };
      const { id } = await relay.changes.submit(asked, mark, "admin:ops", "rotation");
      return relay.ended(id);
    };
    const denied = {
      state: "REJECTED",
      failure: { reason: "SIGNER_REFUSED", message: expect.stringContaining("SIGNER_POLICY_DENIED") },
    };
    expect(await change("add", "no-grant")).toMatchObject(denied);
    await operator.installGrant("pool", ...MANAGES, "--may-add", "--may-delete");
    const added = await change("add", "add");
    expect(added).toMatchObject({ state: "SUCCEEDED", tenant: "", accountId: RELAYER });
    expect(added.cost?.deposit).toBe(0n);
    expect(added.cost?.tokensBurnt).toBeGreaterThan(0n);
    expect(isOnChain()).toBe(true);
    const twice = await change("add", "add-again");
    expect(twice).toMatchObject({ state: "FAILED", failure: { reason: "EXECUTION_FAILED" } });
    expect(twice.failure?.chainError).toContain("AddKeyAlreadyExists");

    await operator.admin("key", "activate", "--key-id", "pool-a", "--rpc", chain.url);
    await relay.pool.refresh();
    await relay.until(() => relay.stateOf("pool-a") === "active");
    const before = relay.moved("SUCCEEDED");
    await relay.accept(...(await Promise.all(chain.wallets.map((wallet) => wallet.delegate()))));
    await relay.until(() => relay.moved("SUCCEEDED") === before + 8);
    expect(chain.devnet.chain.log.map((entry) => entry.publicKey)).toContain(publicKey);

    await operator.admin("key", "drain", "--key-id", "pool-a");
    await relay.pool.refresh();
    await relay.until(() => relay.stateOf("pool-a") === "drained");
    expect(await change("delete", "delete")).toMatchObject({ state: "SUCCEEDED" });
    expect(isOnChain()).toBe(false);
    const gone = await change("delete", "delete-again");
    expect(gone).toMatchObject({ state: "FAILED", failure: { reason: "EXECUTION_FAILED" } });
    expect(gone.failure?.chainError).toContain("DeleteKeyDoesNotExist");
    await operator.admin("key", "retire", "--key-id", "pool-a");
    await relay.pool.refresh();
    expect(relay.keyIds()).toEqual(["keeper"]);
  },
  TIMEOUT_MS,
);

it(
  "a change that was accepted while everything is held is signed by the next process, once nothing is held",
  async () => {
    const { operator, publicKey, replica, isOnChain } = await startParts();
    await operator.installGrant("pool", ...MANAGES, "--may-add");
    const held = await replica({ isHeld: true });
    await held.until(() => held.stateOf("keeper") === "paused");
    const asked = { kind: "add" as const, accountId: RELAYER, publicKey };
    const { id } = await held.changes.submit(asked, "add", "admin:ops", "rotation");
    const { accounts } = await held.ledger.waiting({ network: NETWORK, heldTenants: [], limit: 9 });
    expect(accounts).toEqual([RELAYER]);
    await held.stop();

    const relay = await replica();
    const ended = relay.ended(id);
    // Asked again, as whoever drives it does: it is the same one.
    expect((await relay.changes.submit(asked, "add", "admin:ops", "rotation")).id).toBe(id);
    expect(await ended).toMatchObject({ state: "SUCCEEDED" });
    expect(isOnChain()).toBe(true);
  },
  TIMEOUT_MS,
);
