import { rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { DescMethod } from "@bufbuild/protobuf";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { KeyState } from "@countersign/gen/countersign/signer/v1/relayer_signer_pb.ts";
import { SignerAdminService } from "@countersign/gen/countersign/signer/v1/signer_admin_service_pb.ts";
import { expect } from "vitest";
import { addKey } from "../../signer/support/keystores.ts";
import { RELAYER } from "../../signer/support/transactions.ts";
import { openPolicy } from "../../support/signer-settings.ts";
import type { ContractCase } from "../support/contract-case.ts";
import { ADMIN_AUDIENCE, type OperatedSigner, startOperatedSigner } from "../support/operated-signer.ts";
import { type Call, expectRefusal } from "../support/refusal.ts";

const { method } = SignerAdminService;
type Options = Parameters<Call>[0];

const NEW_KEY = { backend: "keystore", keyId: "c", network: "testnet", accountId: RELAYER };

function succeeds(
  of: DescMethod,
  what: string,
  check: (signer: OperatedSigner) => Promise<void>,
): ContractCase {
  return { method: of, outcome: "success", what, run: async () => check(await startOperatedSigner()) };
}

/** A call that is refused, and changes no key. */
function refused(
  of: DescMethod,
  outcome: ErrorReason,
  what: string,
  call: (admin: OperatedSigner["admin"], options: Options, signer: OperatedSigner) => Promise<unknown>,
  before: (signer: OperatedSigner) => Promise<unknown> | unknown = () => undefined,
): ContractCase {
  return {
    method: of,
    outcome,
    what,
    run: async () => {
      const signer = await startOperatedSigner();
      const { admin } = signer;
      await before(signer);
      const { keys } = await admin.getStatus({});
      await expectRefusal((options) => call(admin, options, signer), outcome);
      expect((await admin.getStatus({})).keys).toEqual(keys);
    },
  };
}

const { SIGNER_KEY_NOT_FOUND, SIGNER_KEY_STATE_CONFLICT, SIGNER_CONFIG_INVALID } = ErrorReason;
const { FIELD_INVALID, ADMIN_GRANT_INVALID, ADMIN_GRANT_NOT_FOUND, RELOAD_RUNNING } = ErrorReason;
const { SIGNER_KEY_EXISTS, SIGNER_BACKEND_UNAVAILABLE } = ErrorReason;

/** Keys' lives, the journal's floors and admin grants. */
const successes: readonly ContractCase[] = [
  succeeds(method.getStatus, "its name, its keys, its places and its journal", async ({ admin }) => {
    const { audience, keys, backends, journal } = await admin.getStatus({});
    expect(audience).toBe(ADMIN_AUDIENCE);
    expect(keys).toMatchObject([
      { key: { keyId: "a", state: KeyState.ACTIVE }, backend: "keystore", hasPolicy: true, nonceFloor: 0n },
      { key: { keyId: "b", state: KeyState.ACTIVE }, backend: "keystore", hasPolicy: true, nonceFloor: 0n },
    ]);
    expect(backends).toMatchObject([{ name: "keystore", healthy: true, problem: "" }]);
    expect(journal).toMatchObject({ entries: 0n, lockReason: "", incarnation: expect.stringMatching(/./) });
  }),
  succeeds(method.reload, "the keys that are new", async ({ admin, keystore }) => {
    await addKey(keystore, { keyId: "c" });
    expect(await admin.reload({})).toMatchObject({ added: ["c"], removed: [] });
    expect(await admin.reload({})).toMatchObject({ added: [], removed: [] });
  }),
  succeeds(method.pauseKey, "the key, paused with its reason", async ({ admin }) => {
    const { key } = await admin.pauseKey({ keyId: "a", reason: "incident" });
    expect(key).toMatchObject({ key: { keyId: "a", paused: true }, pauseReason: "incident" });
  }),
  succeeds(method.resumeKey, "the key, not paused any more", async ({ admin }) => {
    await admin.pauseKey({ keyId: "a", reason: "incident" });
    const { key } = await admin.resumeKey({ keyId: "a" });
    expect(key).toMatchObject({ key: { keyId: "a", paused: false }, pauseReason: "" });
  }),
  succeeds(method.generateKey, "a pending key, and the same one again", async ({ admin }) => {
    const { key } = await admin.generateKey(NEW_KEY);
    const { keyId, network, accountId } = NEW_KEY;
    expect(key).toMatchObject({
      key: { keyId, network, accountId, state: KeyState.PENDING },
      hasPolicy: false,
    });
    expect(key?.key?.publicKey).toMatch(/^ed25519:/);
    expect((await admin.generateKey(NEW_KEY)).key).toEqual(key);
  }),
  succeeds(method.activateKey, "the key, active above its nonce on the chain", async ({ admin }) => {
    await admin.generateKey(NEW_KEY);
    const { key } = await admin.activateKey({ keyId: "c", nonceFloor: 7n });
    expect(key).toMatchObject({ key: { keyId: "c", state: KeyState.ACTIVE }, nonceFloor: 7n });
  }),
  succeeds(method.drainKey, "the key, drained", async ({ admin }) => {
    const { key } = await admin.drainKey({ keyId: "b" });
    expect(key?.key).toMatchObject({ keyId: "b", state: KeyState.DRAINED });
  }),
  succeeds(method.retireKey, "a drained key, retired", async ({ admin }) => {
    await admin.drainKey({ keyId: "b" });
    const { key } = await admin.retireKey({ keyId: "b" });
    expect(key?.key).toMatchObject({ keyId: "b", state: KeyState.RETIRED });
  }),
  succeeds(method.setNonceFloors, "the keys with their nonces", async ({ admin }) => {
    const { keys } = await admin.setNonceFloors({ floors: [{ keyId: "a", nonce: 9n }] });
    expect(keys).toMatchObject([{ key: { keyId: "a" }, nonceFloor: 9n }]);
  }),
  succeeds(method.installAdminGrant, "the grant as it is kept", async ({ admin, grantOf }) => {
    const { grant } = await admin.installAdminGrant({ grant: grantOf("g") });
    expect(grant).toMatchObject({ grant: { id: "g" }, adminKeyId: "eve", revoked: false, used: false });
  }),
  succeeds(method.listAdminGrants, "the grants, by id", async ({ admin, grantOf }) => {
    for (const id of ["h", "g"]) await admin.installAdminGrant({ grant: grantOf(id) });
    expect((await admin.listAdminGrants({})).grants.map(({ grant }) => grant?.id)).toEqual(["g", "h"]);
  }),
  succeeds(method.revokeAdminGrant, "the grant, revoked", async ({ admin, grantOf }) => {
    await admin.installAdminGrant({ grant: grantOf("g") });
    expect((await admin.revokeAdminGrant({ id: "g" })).grant).toMatchObject({ revoked: true });
  }),
];

const nobody = { keyId: "nobody" };
const unknownKey = (of: DescMethod, call: Parameters<typeof refused>[3]) =>
  refused(of, SIGNER_KEY_NOT_FOUND, "a key that the signer does not know", call);

const refusals: readonly ContractCase[] = [
  unknownKey(method.pauseKey, (admin, options) => admin.pauseKey({ ...nobody, reason: "why" }, options)),
  unknownKey(method.resumeKey, (admin, options) => admin.resumeKey(nobody, options)),
  unknownKey(method.activateKey, (admin, options) =>
    admin.activateKey({ ...nobody, nonceFloor: 1n }, options),
  ),
  unknownKey(method.drainKey, (admin, options) => admin.drainKey(nobody, options)),
  unknownKey(method.retireKey, (admin, options) => admin.retireKey(nobody, options)),
  unknownKey(method.setNonceFloors, (admin, options) =>
    admin.setNonceFloors(
      {
        floors: [
          { keyId: "a", nonce: 5n },
          { ...nobody, nonce: 1n },
        ],
      },
      options,
    ),
  ),

  refused(
    method.activateKey,
    SIGNER_KEY_STATE_CONFLICT,
    "a drained key",
    (admin, options) => admin.activateKey({ keyId: "b", nonceFloor: 1n }, options),
    ({ admin }) => admin.drainKey({ keyId: "b" }),
  ),
  refused(
    method.drainKey,
    SIGNER_KEY_STATE_CONFLICT,
    "a pending key",
    (admin, options) => admin.drainKey({ keyId: "c" }, options),
    ({ admin }) => admin.generateKey(NEW_KEY),
  ),
  refused(method.retireKey, SIGNER_KEY_STATE_CONFLICT, "an active key", (admin, options) =>
    admin.retireKey({ keyId: "a" }, options),
  ),

  refused(method.generateKey, SIGNER_KEY_EXISTS, "an id that another account's key has", (admin, options) =>
    admin.generateKey({ ...NEW_KEY, keyId: "a", accountId: "bob.testnet" }, options),
  ),
  refused(method.generateKey, SIGNER_CONFIG_INVALID, "a place that there is not", (admin, options) =>
    admin.generateKey({ ...NEW_KEY, backend: "hsm" }, options),
  ),
  refused(
    method.generateKey,
    SIGNER_BACKEND_UNAVAILABLE,
    "a place that makes no key now",
    (admin, options) => admin.generateKey(NEW_KEY, options),
    ({ keystore }) => rmSync(dirname(keystore), { recursive: true }),
  ),
  refused(method.generateKey, FIELD_INVALID, "an account name that is none", (admin, options) =>
    admin.generateKey({ ...NEW_KEY, accountId: "Not An Account" }, options),
  ),
  ...(["generateKey", "reload"] as const).map((name) =>
    refused(method[name], RELOAD_RUNNING, "a reload that is under way", async (admin, options, { held }) => {
      const { opening, release } = held();
      const running = admin.reload({});
      await opening;
      const asked = name === "reload" ? admin.reload({}, options) : admin.generateKey(NEW_KEY, options);
      try {
        return await asked;
      } finally {
        release();
        await running;
      }
    }),
  ),
  refused(
    method.reload,
    SIGNER_CONFIG_INVALID,
    "a policy of a key that is not held",
    (admin, options) => admin.reload({}, options),
    ({ file, settings }) => {
      const policies = { nobody: openPolicy("testnet", RELAYER) };
      writeFileSync(file, JSON.stringify({ ...settings, policies }));
    },
  ),
  refused(
    method.reload,
    SIGNER_CONFIG_INVALID,
    "another store",
    (admin, options) => admin.reload({}, options),
    ({ file, settings }) =>
      writeFileSync(file, JSON.stringify({ ...settings, store: { url: "sqlite:other" } })),
  ),

  refused(method.pauseKey, FIELD_INVALID, "no reason", (admin, options) =>
    admin.pauseKey({ keyId: "a" }, options),
  ),
  refused(method.setNonceFloors, FIELD_INVALID, "no nonce", (admin, options) =>
    admin.setNonceFloors({}, options),
  ),
  refused(method.installAdminGrant, FIELD_INVALID, "no grant", (admin, options) =>
    admin.installAdminGrant({}, options),
  ),
  refused(
    method.installAdminGrant,
    ADMIN_GRANT_INVALID,
    "a grant for another signer",
    (admin, options, signer) => admin.installAdminGrant({ grant: signer.grantOf("g", "signer-b") }, options),
  ),
  refused(
    method.installAdminGrant,
    ADMIN_GRANT_INVALID,
    "another grant of the same id",
    (admin, options, { grantOf }) => admin.installAdminGrant({ grant: grantOf("g") }, options),
    ({ admin, grantOf }) => admin.installAdminGrant({ grant: grantOf("g") }),
  ),
  refused(method.revokeAdminGrant, ADMIN_GRANT_NOT_FOUND, "a grant that there is not", (admin, options) =>
    admin.revokeAdminGrant({ id: "g" }, options),
  ),
];

/** What SignerAdminService promises; with the store away in signer-outages.ts. */
export const signerAdminCases: readonly ContractCase[] = [...successes, ...refusals];
