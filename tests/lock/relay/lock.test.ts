import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { PauseLevel } from "@countersign/gen/countersign/admin/v1/pause_pb.ts";
import { PauseService } from "@countersign/gen/countersign/admin/v1/pause_service_pb.ts";
import { TenantService } from "@countersign/gen/countersign/admin/v1/tenant_service_pb.ts";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { LockSuite } from "@countersign/gen/countersign/lock/v1/lock_pb.ts";
import { LockService } from "@countersign/gen/countersign/lock/v1/lock_service_pb.ts";
import { DomainError } from "@countersign/service-kit";
import { lockSuite } from "@countersign/signer-service/lock/lock-suites.ts";
import { describe, expect, it, onTestFinished } from "vitest";
import { createOperator } from "../../protection/support/admin.ts";
import { temporaryDirectory } from "../../signer/support/temporary-directory.ts";
import { outcomeOf } from "../../signer/threshold/support/reason.ts";
import { startTestRelay } from "../../support/test-relay.ts";
import { TEST_ORIGIN, TEST_TENANT } from "../../support/test-tenant.ts";
import { ALL, describeLock, lockOutcomes, openWallet } from "../lock-behaviour.ts";
import { startLockSigner } from "../signer/lock-signer.ts";
import {
  lockClient,
  makeKey,
  startLockOnNode,
  startLockRelay,
  startLockWorld,
  TENANT,
} from "./support/lock-relay.ts";
import { startScriptedLockSigner } from "./support/scripted-lock-signer.ts";

const SUITE = LockSuite.RISTRETTO255_V1;
/** No element, of the right size. */
const ZEROS = new Uint8Array(32);
const good = () => lockSuite(1).multiplyBase(new Uint8Array(32).fill(7));

describeLock(startLockOnNode);

describe("a relay for the lock alone, before its signer", () => {
  it("says LOCK_DISABLED while the signer has no key, and of a signer that knows no lock", async () => {
    const signer = await startLockSigner();
    const { client, app } = await startLockRelay({ signer: signer.address });
    expect(await lockOutcomes(client, "x")).toEqual(ALL("LOCK_DISABLED"));
    const ready = async () => (await fetch(`${app.operationsAddress}/readyz`)).json();
    expect(await ready()).toMatchObject({ ready: false, failed: ["signer"] });
    await makeKey(signer);
    await expect.poll(ready, { timeout: 10_000 }).toMatchObject({ ready: true, failed: [] });
    const older = await startScriptedLockSigner(false);
    const other = await startLockRelay({ signer: older.address });
    expect(await lockOutcomes(other.client, "x")).toEqual(ALL("LOCK_DISABLED"));
  });

  it("says SIGNER_UNAVAILABLE of a signer that is away, and is not ready", async () => {
    const { client, signer, app, keyId } = await startLockWorld();
    await signer.drain();
    expect(await lockOutcomes(client, keyId)).toEqual(ALL("SIGNER_UNAVAILABLE"));
    const ready = await (await fetch(`${app.operationsAddress}/readyz`)).json();
    expect(ready).toMatchObject({ ready: false, failed: ["signer"] });
  });

  it("tells nobody what else went wrong at the signer", async () => {
    const signer = await startScriptedLockSigner();
    const { client, logged } = await startLockRelay({ signer: signer.address });
    const fail = (reason: ErrorReason) => () => {
      throw new DomainError(reason, "the signer's own business");
    };
    for (const reason of [ErrorReason.SIGNER_STORE_UNAVAILABLE, ErrorReason.PEER_NOT_ALLOWED]) {
      const failing = fail(reason);
      signer.script = { getLockKeys: failing, applyLock: failing, removeLock: failing };
      expect(await lockOutcomes(client, "scripted")).toEqual(ALL("SIGNER_UNAVAILABLE"));
    }
    signer.script = { applyLock: () => ({}), removeLock: () => ({}) };
    expect((await lockOutcomes(client, "scripted")).slice(1)).toEqual(ALL("SIGNER_UNAVAILABLE").slice(1));
    expect(logged()).toContain('"signer_method":"RemoveLock"');
  });

  it("refuses sizes that no element has by itself", async () => {
    const scripted = await startScriptedLockSigner();
    const before = await startLockRelay({ signer: scripted.address });
    for (const size of [1, 31, 33, 64, 383]) {
      const element = new Uint8Array(size);
      const { client } = before;
      for (const suite of [1, 2] as const) {
        expect(await outcomeOf(client.applyServerLock({ tenant: TENANT, suite, element }))).toBe(
          "LOCK_ELEMENT_INVALID",
        );
      }
      const removing = client.removeServerLock({ tenant: TENANT, keyId: "scripted", element });
      expect(await outcomeOf(removing)).toBe("LOCK_ELEMENT_INVALID");
    }
    const crossed = [
      { suite: SUITE, element: new Uint8Array(384) },
      { suite: LockSuite.FFDHE3072_V1, element: ZEROS },
    ];
    for (const one of crossed) {
      expect(await outcomeOf(before.client.applyServerLock({ tenant: TENANT, ...one }))).toBe(
        "LOCK_ELEMENT_INVALID",
      );
    }
    expect(scripted.calls).toEqual([]);
  });

  it("asks the signer for its keys once for all who ask within a second", async () => {
    const signer = await startScriptedLockSigner();
    const { client } = await startLockRelay({ signer: signer.address });
    await Promise.all(Array.from({ length: 20 }, () => client.getKeyInfo({ tenant: TENANT })));
    expect(signer.calls).toEqual(["getLockKeys"]);
  });

  it("counts its calls by method and outcome", async () => {
    const { client, metrics, keyId } = await startLockWorld();
    await openWallet(client, 1);
    await outcomeOf(client.removeServerLock({ tenant: TENANT, keyId: "nobody's", element: good() }));
    const lines = (await metrics("countersign_rpcs_total")).filter((line) =>
      line.includes(LockService.typeName),
    );
    const count = (...labels: string[]) =>
      Number(
        lines
          .find((line) => labels.every((label) => line.includes(label)))
          ?.split(" ")
          .at(-1),
      );
    expect(count('method="ApplyServerLock"', 'code="ok"')).toBe(1);
    expect(count('method="RemoveServerLock"', 'code="ok"')).toBe(1);
    expect(count('method="RemoveServerLock"', 'reason="LOCK_KEY_UNKNOWN"', 'code="not_found"')).toBe(1);
    expect(keyId).not.toBe("");
  });
});

describe("whom the lock is for", () => {
  it("nobody of a disabled tenant", async () => {
    const operator = await createOperator();
    const { app, client, keyId } = await startLockWorld({ settings: { admin: operator.setting } });
    const tenants = operator.client(TenantService, app.adminAddress);
    const { tenant } = await tenants.getTenant({ tenant: TENANT });
    await tenants.updateTenant({ tenant: TENANT, expectedVersion: tenant?.version ?? 0n, disabled: true });
    expect(await lockOutcomes(client, keyId)).toEqual(ALL("TENANT_DISABLED"));
    expect(await lockOutcomes(client, keyId, "globex")).toEqual(ALL("answered"));
  });

  it.each([
    ["the relay", { level: PauseLevel.RELAY, target: "" }, "PAUSED"],
    ["the tenant", { level: PauseLevel.TENANT, target: TENANT }, "PAUSED"],
    ["ApplyServerLock", { level: PauseLevel.METHOD, target: "ApplyServerLock" }, "PAUSED"],
    ["another tenant", { level: PauseLevel.TENANT, target: "globex" }, "answered"],
  ])("while %s is paused, wallets open", async (_, pause, locking) => {
    const operator = await createOperator();
    const { app, client, keyId } = await startLockWorld({ settings: { admin: operator.setting } });
    const pauses = operator.client(PauseService, app.adminAddress);
    await pauses.pause({ ...pause, reason: "test" });
    expect(await lockOutcomes(client, keyId)).toEqual(["answered", locking, "answered"]);
  });

  it("what opens wallets cannot be paused by its name", async () => {
    const operator = await createOperator();
    const { app } = await startLockWorld({ settings: { admin: operator.setting } });
    const pauses = operator.client(PauseService, app.adminAddress);
    for (const target of ["RemoveServerLock", "GetKeyInfo"]) {
      const call = pauses.pause({ level: PauseLevel.METHOD, target, reason: "test" });
      expect(await outcomeOf(call)).toBe("FIELD_INVALID");
    }
  });
});

describe("a relay with funds", () => {
  /** Before a signer with a lock key. */
  async function startFunded(settings: Readonly<Record<string, string>>) {
    const sealingKey = join(temporaryDirectory(), "sealing");
    writeFileSync(sealingKey, randomBytes(32).toString("hex"), { mode: 0o600 });
    const signerSettings = { lock: { sealing_keys: [`file:${sealingKey}`] } };
    const relay = await startTestRelay({ settings, signerSettings });
    onTestFinished(() => relay.stop());
    return { relay, keyId: await makeKey(relay.signer) };
  }

  it("serves the lock when it is told to", async () => {
    const { relay } = await startFunded({ "lock.enabled": "true" });
    const client = lockClient(relay.app.address, { origin: TEST_ORIGIN });
    await openWallet(client, 1, TEST_TENANT);
    expect((await relay.client.getRelayInfo({})).network).toBe(relay.config.network);
  });

  it("says LOCK_DISABLED by default, whatever its signer has", async () => {
    const { relay, keyId } = await startFunded({});
    const client = lockClient(relay.app.address);
    expect(await lockOutcomes(client, keyId, TEST_TENANT)).toEqual(ALL("LOCK_DISABLED"));
  });
});
