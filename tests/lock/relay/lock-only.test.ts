import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { startDevnet } from "@countersign/devnet";
import { AuditService } from "@countersign/gen/countersign/admin/v1/audit_service_pb.ts";
import { PolicyService } from "@countersign/gen/countersign/admin/v1/policy_service_pb.ts";
import { TenantService } from "@countersign/gen/countersign/admin/v1/tenant_service_pb.ts";
import { LockSuite } from "@countersign/gen/countersign/lock/v1/lock_pb.ts";
import { RelayService } from "@countersign/gen/countersign/relay/v1/relay_service_pb.ts";
import { SessionService } from "@countersign/gen/countersign/session/v1/session_service_pb.ts";
import grpc from "@grpc/grpc-js";
import { GrpcReflection } from "grpc-js-reflection-client";
import { expect, onTestFinished, test } from "vitest";
import { countersign } from "../../admin/countersign-cli.ts";
import { SessionTenant } from "../../contract/support/session-tenant.ts";
import { DENIED, NAMES } from "../../contract/support/veto-contract.ts";
import { createOperator } from "../../protection/support/admin.ts";
import { sessionSettings } from "../../session/support/session-relay.ts";
import { temporaryDirectory } from "../../signer/support/temporary-directory.ts";
import { outcomeOf } from "../../signer/threshold/support/reason.ts";
import { COMPILE_CACHE } from "../../support/compile-cache.ts";
import { startOidcProvider } from "../../support/oidc-provider.ts";
import { seedTenants } from "../../support/test-tenant.ts";
import { startLockSigner } from "../signer/lock-signer.ts";
import {
  lockClient,
  lockRelayFlags,
  makeKey,
  PAGE,
  startLockWorld,
  TENANT,
  TENANTS,
} from "./support/lock-relay.ts";

const CLI = join(import.meta.dirname, "../../../server/src/cli.ts");
const INFRASTRUCTURE = [
  ...["grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection"],
  "grpc.reflection.v1alpha.ServerReflection",
];

async function servedAt(address: string): Promise<string[]> {
  const reflection = new GrpcReflection(new URL(address).host, grpc.credentials.createInsecure());
  return [...(await reflection.listServices())].sort();
}

test("it serves the lock, health and reflection, and nothing that pays", async () => {
  const { app } = await startLockWorld();
  expect(await servedAt(app.address)).toEqual(["countersign.lock.v1.LockService", ...INFRASTRUCTURE].sort());
  const transport = createConnectTransport({ baseUrl: app.address, httpVersion: "2" });
  expect(await outcomeOf(createClient(RelayService, transport).getRelayInfo({}))).toBe("METHOD_UNKNOWN");
  expect(app.adminAddress).toBeUndefined();
});

test("users sign in to it, where that is configured", async () => {
  const { app } = await startLockWorld({ settings: { session: await sessionSettings() } });
  expect(await servedAt(app.address)).toContain(SessionService.typeName);
  const transport = createConnectTransport({ baseUrl: app.address, httpVersion: "2" });
  const sessions = createClient(SessionService, transport);
  const begun = await sessions.beginPasskeySignIn({ tenant: TENANT, rpId: "wallet.example" });
  expect(JSON.parse(begun.optionsJson)).toMatchObject({ rpId: "wallet.example" });
  expect((await fetch(`${app.address}/.well-known/jwks.json`)).status).toBe(200);
});

test("a contract confirms its users' passkeys, where endpoints are configured", async () => {
  const devnet = await startDevnet({ blockTimeMs: 0, accounts: [NAMES] });
  onTestFinished(() => devnet.stop());
  const asked = { contract_verification: { contract: NAMES.id, method: "is_allowed" } };
  const { app } = await startLockWorld({
    settings: {
      session: await sessionSettings(asked),
      near: JSON.stringify({ endpoints: devnet.rpcUrls.map((url) => ({ url })) }),
    },
    tenants: [{ ...TENANTS[0], tenant: "wallet" }],
  });
  const nobody = async () => undefined;
  const provider = await startOidcProvider();
  const tenant = new SessionTenant({
    id: "wallet",
    address: app.address,
    provider,
    disable: nobody,
    pause: nobody,
  });
  const passkey = tenant.newPasskey();
  const { user } = await tenant.register(passkey);
  const finish = async (accountId: string) => {
    const request = await tenant.passkeySignIn(passkey, user?.id ?? "");
    return outcomeOf(tenant.client.finishPasskeySignIn({ ...request, accountId }));
  };
  expect(await finish("alice.test")).toBe("answered");
  expect(await finish(DENIED[0] ?? "")).toBe("CONTRACT_DENIED");
});

test("operators run it: tenants, whose origins stand in their policies, and who did what", async () => {
  const operator = await createOperator();
  const { app, seenWith } = await startLockWorld({ settings: { admin: operator.setting }, tenants: [] });
  const at = app.adminAddress;
  await operator.client(TenantService, at).createTenant({ tenant: "new" });
  const call = () => outcomeOf(seenWith({ origin: PAGE }).getKeyInfo({ tenant: "new" }));
  expect(await call()).toBe("ORIGIN_NOT_ALLOWED");
  await operator.client(PolicyService, at).setPolicy({ tenant: "new", policy: { allowedOrigins: [PAGE] } });
  expect(await call()).toBe("answered");
  let log = "";
  for await (const { lines } of operator.client(AuditService, at).exportAudit({ tenant: "new" }))
    log += lines;
  expect(log).toMatch(/"tenant.created"(.|\n)*"policy.set"/);
});

/** Runs `countersign relay --lock-only` until it serves; it is killed when the test ends, if it runs still. */
async function startProcess(flags: Readonly<Record<string, string>>) {
  const settings = Object.entries(flags).flatMap(([path, value]) => ["--set", `${path}=${value}`]);
  const child = spawn(process.execPath, [CLI, "relay", "--lock-only", ...settings], {
    env: COMPILE_CACHE,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "exit");
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await ended;
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const { msg, address } = JSON.parse(line);
    if (msg === "relay serves") return { child, ended, address: String(address) };
  }
  throw new Error("the relay ended before it served");
}

test("the command line starts it, and SIGTERM ends it", async () => {
  const signer = await startLockSigner();
  const keyId = await makeKey(signer);
  const flags = lockRelayFlags({ signer: signer.address });
  await seedTenants(flags["ledger.url"] ?? "", TENANTS);
  const { child, ended, address } = await startProcess(flags);
  const { keys } = await lockClient(address, { origin: PAGE }).getKeyInfo({ tenant: TENANT });
  expect(keys).toMatchObject([{ keyId, suite: LockSuite.RISTRETTO255_V1, current: true }]);
  child.kill("SIGTERM");
  expect(await ended).toEqual([0, null]);
});

const MINIMAL = { signer: { url: "unix:/run/signer.sock" } };
const SESSION = {
  issuer: "https://relay.example",
  signing_keys: [{ id: "k1", seed: "env:SEED" }],
  contract_verification: { contract: "passkeys.near", method: "is_valid" },
};

test.each([
  [
    "a relay's with funds",
    {
      network: "testnet",
      near: { endpoints: [{ url: "https://rpc.example" }] },
      relayers: [{ account_id: "app.testnet", key_ids: ["k"] }],
      signer: { ...MINIMAL.signer, grants: { key_id: "g", seed: "env:SEED" } },
    },
    ["network", "relayers", "signer.grants"].map((path) => `${path}: is not a known key`),
  ],
  ["one that turns the lock off", { lock: { enabled: false } }, ["lock.enabled: must be true"]],
  [
    "one that asks a contract and knows no endpoint",
    { session: SESSION },
    ["session.contract_verification: needs near.endpoints"],
  ],
  [
    "one with endpoints that nothing asks",
    { near: { endpoints: [{ url: "https://rpc.example" }] } },
    ["near: is only for session.contract_verification"],
  ],
  ["one without a signer", { signer: undefined }, ["signer: "]],
])("a configuration that is %s is refused, and says why", async (_, change, problems) => {
  const file = join(temporaryDirectory(), "relay.yaml");
  writeFileSync(file, JSON.stringify({ ...MINIMAL, ...change }));
  const env = { SEED: "5a".repeat(32) };
  for (const command of [["relay"], ["config", "check"]]) {
    const result = await countersign([...command, "--lock-only", "--config", file], env);
    expect(result).toMatchObject({ code: 1, stdout: "" });
    for (const problem of problems) expect(result.stderr).toContain(problem);
  }
});

test("config check prints a lock-only configuration, which is too little for a relay with funds", async () => {
  const file = join(temporaryDirectory(), "relay.yaml");
  writeFileSync(file, JSON.stringify(MINIMAL));
  const checked = await countersign(["config", "check", "--lock-only", "--config", file], {});
  expect(checked).toMatchObject({ code: 0, stderr: "" });
  expect(checked.stdout).toContain("lock:\n  enabled: true\n");
  const other = await countersign(["config", "check", "--config", file], {});
  expect(other.code).toBe(1);
  for (const path of ["network", "near", "relayers"]) expect(other.stderr).toContain(`${path}: `);
});
