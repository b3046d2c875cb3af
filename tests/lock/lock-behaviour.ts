import { randomBytes } from "node:crypto";
import { beginRegistration, beginUnlock } from "@countersign/crypto/lock/client-passes.ts";
import { LockSuite } from "@countersign/gen/countersign/lock/v1/lock_pb.ts";
import { LockService } from "@countersign/gen/countersign/lock/v1/lock_service_pb.ts";
import { lockSuite } from "@countersign/signer-service/lock/lock-suites.ts";
import { describe, expect, it } from "vitest";
import { outcomeOf } from "../signer/threshold/support/reason.ts";
import type { LockSubject, StartLock } from "./lock-target.ts";
import { type LockClient, PAGE, TENANT, WALLET_PAGE } from "./relay/support/lock-relay.ts";

const NOTHING = new Uint8Array();
const SUITE = LockSuite.RISTRETTO255_V1;
/** No element, of the right size. */
const ZEROS = new Uint8Array(32);
const element = lockSuite(1).multiplyBase(new Uint8Array(32).fill(7));
const TWO = { per_second: 0.0001, burst: 2 };
const FIVE = { per_second: 0.0001, burst: 5 };

/** Registers with the relay, then opens what it has locked; both must give one K. */
export async function openWallet(client: LockClient, number: 1 | 2, tenant = TENANT): Promise<string> {
  const group = lockSuite(number);
  const registering = beginRegistration(group, randomBytes);
  const locked = await client.applyServerLock({ tenant, suite: number, element: registering.request });
  const { kek, lockedKek, keyId } = registering.finish(locked, locked.key?.commitment ?? NOTHING);
  const unlocking = beginUnlock(group, { suite: number, keyId, lockedKek }, randomBytes);
  const unlocked = await client.removeServerLock({ tenant, keyId, element: unlocking.request });
  expect(unlocking.finish(unlocked, unlocked.key?.commitment ?? NOTHING)).toEqual(kek);
  return keyId;
}

/** What all three methods end with, of which those with an element get one that the keys would take. */
export async function lockOutcomes(client: LockClient, keyId: string, tenant = TENANT): Promise<string[]> {
  return [
    await outcomeOf(client.getKeyInfo({ tenant })),
    await outcomeOf(client.applyServerLock({ tenant, suite: SUITE, element })),
    await outcomeOf(client.removeServerLock({ tenant, keyId, element })),
  ];
}

export const ALL = (outcome: string): string[] => [outcome, outcome, outcome];

/** Calls of one address, each for what it ends with. */
function from(subject: LockSubject, address: string, tenant = TENANT) {
  const client = subject.from(address);
  return {
    info: () => outcomeOf(client.getKeyInfo({ tenant })),
    apply: () => outcomeOf(client.applyServerLock({ tenant, suite: SUITE, element })),
    remove: (keyId = subject.keyId) => outcomeOf(client.removeServerLock({ tenant, keyId, element })),
  };
}

/** What every relay that serves locks does, whatever it runs on. */
export function describeLock(start: StartLock): void {
  describe("the lock's keys", () => {
    it.each([1, 2] as const)(
      "lock and open a wallet's key in suite %i, with proofs that hold",
      async (number) => {
        const { client, rotate } = await start();
        if (number === 2) await rotate(LockSuite.FFDHE3072_V1);
        const keyId = await openWallet(client, number);
        const { keys } = await client.getKeyInfo({ tenant: TENANT });
        expect(keys.find((key) => key.suite === number)).toMatchObject({ keyId, current: true });
      },
    );

    it("open while in grace, and the current one locks", async () => {
      const { client, keyId, rotate, retire } = await start();
      const current = await rotate(SUITE, keyId);
      const { key } = await client.applyServerLock({ tenant: TENANT, suite: SUITE, element });
      expect(key).toMatchObject({ keyId: current, current: true });
      const opened = await client.removeServerLock({ tenant: TENANT, keyId, element });
      expect(opened.key).toMatchObject({ keyId, current: false });
      await retire(keyId);
      const again = () => outcomeOf(client.removeServerLock({ tenant: TENANT, keyId, element }));
      await expect.poll(again, { timeout: 10_000 }).toBe("LOCK_KEY_UNKNOWN");
    });

    it("take nothing that is no element, of either suite, and no size that none has", async () => {
      const { client, keyId } = await start();
      for (const size of [1, 31, 33, 64, 383]) {
        const wrong = new Uint8Array(size);
        for (const suite of [1, 2] as const) {
          const applying = client.applyServerLock({ tenant: TENANT, suite, element: wrong });
          expect(await outcomeOf(applying)).toBe("LOCK_ELEMENT_INVALID");
        }
        const removing = client.removeServerLock({ tenant: TENANT, keyId, element: wrong });
        expect(await outcomeOf(removing)).toBe("LOCK_ELEMENT_INVALID");
      }
      const crossed = [
        { suite: SUITE, element: new Uint8Array(384) },
        { suite: LockSuite.FFDHE3072_V1, element: ZEROS },
        { suite: SUITE, element: ZEROS },
      ];
      for (const one of crossed) {
        expect(await outcomeOf(client.applyServerLock({ tenant: TENANT, ...one }))).toBe(
          "LOCK_ELEMENT_INVALID",
        );
      }
      const zero = client.removeServerLock({ tenant: TENANT, keyId, element: ZEROS });
      expect(await outcomeOf(zero)).toBe("LOCK_ELEMENT_INVALID");
      const unknown = client.removeServerLock({ tenant: TENANT, keyId: "A".repeat(22), element });
      expect(await outcomeOf(unknown)).toBe("LOCK_KEY_UNKNOWN");
      for (const size of [0, 385]) {
        const wrong = client.removeServerLock({ tenant: TENANT, keyId, element: new Uint8Array(size) });
        expect(await outcomeOf(wrong)).toBe("FIELD_INVALID");
      }
    });
  });

  describe("whom the lock is for", () => {
    it("callers from the tenant's origins, its policy's and its wallets', and callers that are no pages", async () => {
      const { client, seenWith, keyId } = await start();
      expect(await lockOutcomes(client, keyId)).toEqual(ALL("answered"));
      for (const origin of [PAGE, WALLET_PAGE]) {
        expect(await lockOutcomes(seenWith({ origin }), keyId)).toEqual(ALL("answered"));
      }
      for (const origin of ["https://evil.example", "null", `${PAGE}:8443`]) {
        expect(await lockOutcomes(seenWith({ origin }), keyId)).toEqual(ALL("ORIGIN_NOT_ALLOWED"));
      }
      // Of another tenant.
      expect(await lockOutcomes(seenWith({ origin: PAGE }), keyId, "globex")).toEqual(
        ALL("ORIGIN_NOT_ALLOWED"),
      );
      expect(await lockOutcomes(client, keyId, "globex")).toEqual(ALL("answered"));
      expect(await lockOutcomes(client, keyId, "nobody")).toEqual(ALL("TENANT_NOT_FOUND"));
    });

    it("lets browsers ask first from these origins, and from no others", async () => {
      const { address } = await start();
      const preflight = (origin: string) =>
        fetch(`${address}/${LockService.typeName}/RemoveServerLock`, {
          method: "OPTIONS",
          headers: { origin, "access-control-request-method": "POST" },
        });
      expect((await preflight(PAGE)).headers.get("access-control-allow-origin")).toBe(PAGE);
      expect((await preflight("https://evil.example")).status).toBe(403);
    });
  });

  describe("how often the lock is used", () => {
    it("is counted by address, put on and taken off together, and other addresses go on", async () => {
      const subject = await start({ rates: { lock: TWO } });
      const { apply, remove, info } = from(subject, "203.0.113.1");
      expect([await apply(), await remove()]).toEqual(["answered", "answered"]);
      expect([await apply(), await remove()]).toEqual(["RATE_LIMITED", "RATE_LIMITED"]);
      for (let i = 0; i < 5; i++) expect(await info()).toBe("answered");
      expect(await from(subject, "203.0.113.2").remove()).toBe("answered");
      // An IPv6 client is its /64.
      for (const address of ["2001:db8::1", "2001:db8::2"]) {
        expect(await from(subject, address).remove()).toBe("answered");
      }
      expect(await from(subject, "2001:db8::3").remove()).toBe("RATE_LIMITED");
    });

    it("takes nothing from a tenant once the address has none left, nor for a call that is malformed", async () => {
      const subject = await start({ rates: { lock: TWO, lock_tenant: FIVE } });
      const flood = Array.from({ length: 30 }, () => from(subject, "203.0.113.1").remove());
      expect((await Promise.all(flood)).filter((outcome) => outcome === "answered")).toHaveLength(2);
      const { client, keyId } = subject;
      for (let i = 0; i < 2; i++) {
        const wrong = client.removeServerLock({ tenant: TENANT, keyId, element: new Uint8Array(33) });
        expect(await outcomeOf(wrong)).toBe("LOCK_ELEMENT_INVALID");
      }
      for (const address of ["203.0.113.2", "203.0.113.3", "203.0.113.4"]) {
        expect(await from(subject, address).remove()).toBe("answered");
      }
    });

    it("is counted by the tenant that is named, and other tenants' wallets open", async () => {
      const subject = await start({ rates: { lock_tenant: TWO } });
      const outcomes: string[] = [];
      for (const address of ["203.0.113.1", "203.0.113.2", "203.0.113.3"]) {
        outcomes.push(await from(subject, address).remove());
      }
      expect(outcomes).toEqual(["answered", "answered", "RATE_LIMITED"]);
      expect(await from(subject, "203.0.113.4").apply()).toBe("RATE_LIMITED");
      expect(await from(subject, "203.0.113.4").info()).toBe("answered");
      expect(await from(subject, "203.0.113.4", "globex").remove()).toBe("answered");
      // A name that is nobody's has no bucket.
      for (let i = 0; i < 5; i++) {
        expect(await from(subject, "203.0.113.4", "nobody").remove()).toBe("TENANT_NOT_FOUND");
      }
    });

    it("tells who is refused when to come again, and how the address stands", async () => {
      const { address, keyId } = await start({ rates: { lock: { per_second: 0.1, burst: 1 } } });
      const call = () =>
        fetch(`${address}/countersign.lock.v1.LockService/RemoveServerLock`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ tenant: TENANT, keyId, element: Buffer.from(element).toString("base64") }),
        });
      const first = await call();
      expect([first.status, first.headers.get("ratelimit-policy")]).toEqual([
        200,
        expect.stringContaining('"lock";q=1;w=10'),
      ]);
      const second = await call();
      expect(second.status).toBe(429);
      expect(Number(second.headers.get("retry-after"))).toBeGreaterThan(0);
    });
  });
}
