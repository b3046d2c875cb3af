import { randomBytes } from "node:crypto";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { verifySignature } from "@countersign/near/verify";
import { ConfigSecret } from "@countersign/service-kit";
import type { Backend } from "@countersign/signer-service/backends/backend.ts";
import { openPkcs11Backend } from "@countersign/signer-service/backends/pkcs11/pkcs11-backend.ts";
import type { Pkcs11Config } from "@countersign/signer-service/backends/pkcs11/pkcs11-schema.ts";
import type { KeyBackend } from "@countersign/signer-service/relayer-signer/key-backend.ts";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { SoftHsm, softHsmModule, tokenConfig, USER_PIN } from "../../support/softhsm.ts";
import { DirectSession } from "./direct-session.ts";

const { signal } = new AbortController();
const HASHES = Array.from({ length: 32 }, () => randomBytes(32));

/** How signatures of many hashes at once end: true for one that verifies, or a DomainError's reason. */
async function signMany(key: KeyBackend): Promise<unknown[]> {
  const publicKey = await key.publicKey();
  return Promise.all(
    HASHES.map(async (hash) => {
      try {
        return verifySignature(publicKey, hash, { type: publicKey.type, data: await key.sign(hash) });
      } catch (error) {
        return (error as { reason?: ErrorReason }).reason;
      }
    }),
  );
}

const all = (end: unknown) => HASHES.map(() => end);
const AWAY = ErrorReason.SIGNER_BACKEND_UNAVAILABLE;
const eventually = (call: () => Promise<unknown>) => expect.poll(call, { timeout: 20_000 });

async function open(label: string, overrides: Partial<Pkcs11Config> = {}): Promise<Backend> {
  const backend = await openPkcs11Backend(tokenConfig(label, overrides));
  onTestFinished(() => backend.close());
  return backend;
}

async function made(backend: Backend, keyId = "relayer-1"): Promise<KeyBackend> {
  const key = await backend.generate?.({ keyId, network: "testnet", accountId: "relay.testnet" });
  if (key === undefined) throw new Error("it makes no keys");
  return key.key;
}

describe.skipIf(softHsmModule === undefined)("a token that goes away", () => {
  let hsm: SoftHsm;

  // Each test's backends are the only ones of the process: the library reads its configuration anew.
  beforeEach(async () => {
    const own = new SoftHsm();
    hsm = own;
    onTestFinished(() => own.remove());
    await own.makeToken("one");
  });

  it("fails calls while it is removed, and signs again when it is back", async () => {
    const backend = await open("one");
    const key = await made(backend);
    expect(await signMany(key)).toEqual(all(true));

    const putBack = hsm.removeTokens();
    expect(await signMany(key)).toEqual(all(AWAY));
    await expect(key.sign(randomBytes(32))).rejects.toThrow(/^backend hsm-1: /);
    await expect(backend.check(signal)).rejects.toMatchObject({ reason: AWAY });

    putBack();
    await eventually(() => signMany(key)).toEqual(all(true));
    await backend.check(signal);
  });

  it("is taken for removed by a health check alone", async () => {
    const backend = await open("one");
    await backend.check(signal);
    const putBack = hsm.removeTokens();
    await expect(backend.check(signal)).rejects.toMatchObject({ reason: AWAY });
    putBack();
    await eventually(() => backend.check(signal).then(() => "well")).toBe("well");
  });

  it("may be away at the start", async () => {
    const early = await open("one");
    await made(early);
    await early.close();
    const putBack = hsm.removeTokens();
    const late = await open("one", { name: "hsm-2" });
    await expect(late.open("relayer-1")).rejects.toThrow("there is no token with the label one");
    putBack();
    await eventually(async () => signMany(await late.open("relayer-1")).catch(() => "away")).toEqual(
      all(true),
    );
  });

  it.each([
    ["all its sessions are closed", (d: DirectSession) => d.library.C_CloseAllSessions(d.slot)],
    ["its user is logged out", (d: DirectSession) => d.library.C_Logout(d.session)],
    ["the library is finalized by somebody else", (d: DirectSession) => d.library.C_Finalize()],
  ])("is connected to again after %s", async (_, cut) => {
    const backend = await open("one");
    const key = await made(backend);
    const signing = signMany(key);
    expect(await signing).toEqual(all(true));
    cut(await DirectSession.open("one"));
    const ends = new Set(await signMany(key));
    // A call of the same round may find the new session already.
    expect([...ends].filter((end) => end !== true)).toEqual([AWAY]);
    await eventually(() => signMany(key)).toEqual(all(true));
  });

  it("comes back for each of two backends with the same library", async () => {
    await hsm.makeToken("two");
    const [one, two] = [await open("one"), await open("two", { name: "hsm-2" })];
    const keys = [await made(one), await made(two)];
    const putBack = hsm.removeTokens();
    for (const key of keys) expect(await signMany(key)).toEqual(all(AWAY));
    putBack();
    for (const key of keys) await eventually(() => signMany(key)).toEqual(all(true));
  });

  it("leaves the token of another backend alone, and so does closing it", async () => {
    await hsm.makeToken("two");
    const [one, two] = [await open("one"), await open("two", { name: "hsm-2" })];
    const [key, other] = [await made(one), await made(two)];
    const direct = await DirectSession.open("one");
    direct.library.C_CloseAllSessions(direct.slot);
    await eventually(() => signMany(key)).toEqual(all(true));
    expect(await signMany(other)).toEqual(all(true));
    await one.close();
    expect(await signMany(other)).toEqual(all(true));
    await expect(key.sign(randomBytes(32))).rejects.toThrow("the backend is closed");
  });

  it("counts as away when it does not answer in time, and nothing waits for it", async () => {
    // A thread alone takes longer to start.
    const backend = await open("one", { timeout_ms: 1 });
    await expect(backend.open("relayer-1")).rejects.toMatchObject({ reason: AWAY });
    await expect(backend.open("relayer-1")).rejects.toThrow("the token has given no answer for 1 ms");
    await backend.close();
  });

  it("is not tried again with a PIN that it has refused, until the backend is opened anew", async () => {
    const backend = await open("one");
    const key = await made(backend);
    const direct = await DirectSession.open("one");
    direct.library.C_SetPIN(direct.session, USER_PIN, "999999");
    direct.library.C_Logout(direct.session);
    expect(new Set(await signMany(key))).toEqual(new Set([AWAY]));
    await eventually(() => key.sign(randomBytes(32)).catch((error: Error) => error.message)).toContain(
      "CKR_PIN_INCORRECT",
    );
    await expect(open("one", { name: "hsm-2" })).rejects.toThrow("backend hsm-2 the token answers CKR_PIN");

    const operator = await DirectSession.open("one", "999999");
    operator.library.C_SetPIN(operator.session, "999999", USER_PIN);
    await expect(key.sign(randomBytes(32))).rejects.toThrow("CKR_PIN_INCORRECT");
    const anew = await open("one", { pin: new ConfigSecret(USER_PIN, "env:PIN") });
    expect(await signMany(await anew.open("relayer-1"))).toEqual(all(true));
  });
});
