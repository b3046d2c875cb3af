import type { KeyObject } from "node:crypto";
import { createClient } from "@connectrpc/connect";
import { Purpose } from "@countersign/gen/countersign/signer/v1/relayer_signer_pb.ts";
import { SignerAdminService } from "@countersign/gen/countersign/signer/v1/signer_admin_service_pb.ts";
import { errorFromConnect, reasonName } from "@countersign/service-kit";
import { signAdminGrant } from "@countersign/signer-service/grants/admin-grant-signature.ts";
import type { AdminGrant, KeyManagementGrant } from "@countersign/signer-service/grants/admin-grants.ts";
import { type Action, actions, type PublicKey } from "near-api-js";
import { describe, expect, it } from "vitest";
import type { Outcome } from "./compromised-relay.ts";
import { AUDIENCE } from "./operated-signer.ts";
import { type Attacked, isSigned } from "./over-signers.ts";
import { APP, KEYS, type KeyId, NETWORK, RELAYER } from "./relayer-keys.ts";
import { malloryKey } from "./transactions.ts";

const DAY_MS = 86_400_000;
const [denied, notAllowed] = [{ reason: "SIGNER_POLICY_DENIED" }, { reason: "SIGNER_PURPOSE_NOT_ALLOWED" }];
const { addFullAccessKey: add, deleteKey: remove } = actions;

let grants = 0;
function grantOf(allows: Partial<KeyManagementGrant> = {}, rest: Partial<AdminGrant> = {}): AdminGrant {
  grants += 1;
  return {
    id: `grant-${grants}`,
    audience: AUDIENCE,
    notBefore: new Date(Date.now() - DAY_MS),
    expiresAt: new Date(Date.now() + DAY_MS),
    allows: {
      kind: "key_management",
      network: NETWORK,
      accountId: RELAYER,
      mayAdd: true,
      mayDelete: true,
      ...allows,
    },
    ...rest,
  };
}

/** What the operator's signer says to a grant that somebody hands in. */
async function install(
  { signer }: Attacked,
  grant: AdminGrant,
  key: KeyObject = signer.adminKey,
  adminKeyId = "ops",
): Promise<string> {
  const { grantBytes, signature } = signAdminGrant(grant, adminKeyId, key);
  return signer.admin.installAdminGrant({ grant: { grant: grantBytes, adminKeyId, signature } }).then(
    () => "installed",
    (error: unknown) => reasonName(errorFromConnect(error).reason ?? 0),
  );
}

/** Asks for changes of the account's keys. */
function change(
  { relay, transactions }: Attacked,
  all: Action[],
  keyId: KeyId = "keeper",
  receiver?: string,
) {
  const transaction = transactions.bytes(keyId, receiver ?? KEYS[keyId].account, all);
  return relay.askOne({ keyId, transaction, purpose: Purpose.KEY_MANAGEMENT });
}

/** Changes of the account's keys, without and within a standing grant. */
export function refusedKeyChanges(on: Attacked): void {
  const own = (keyId: KeyId): PublicKey => on.signer.publicKeys[keyId];
  const addPending = () => change(on, [add(own("pending"))]);

  describe("without a standing grant", () => {
    it("are refused: any key added, any key deleted", async () => {
      for (const key of [malloryKey, own("pending"), own("relayer")]) {
        expect(await change(on, [add(key)])).toEqual(denied);
      }
      for (const key of [malloryKey, own("drained"), own("relayer")]) {
        expect(await change(on, [remove(key)])).toEqual(denied);
      }
    });

    it("are refused after grants that an operator could not be made to install", async () => {
      const { grantKey } = on.signer.secrets;
      const past = { notBefore: new Date(Date.now() - 2 * DAY_MS), expiresAt: new Date(Date.now() - DAY_MS) };
      const invalid = "ADMIN_GRANT_INVALID";
      expect(await install(on, grantOf({}, past))).toBe(invalid);
      expect(await install(on, grantOf({}, { audience: "signer-2" }))).toBe(invalid);
      expect(await install(on, grantOf(), grantKey.key)).toBe(invalid);
      expect(await install(on, grantOf(), grantKey.key, grantKey.id)).toBe(invalid);
      expect(await addPending()).toEqual(denied);
    });

    it.each<[string, Partial<KeyManagementGrant>, Partial<AdminGrant>]>([
      ["holds from tomorrow on", {}, { notBefore: new Date(Date.now() + DAY_MS / 2) }],
      ["is for another account", { accountId: APP }, {}],
      ["is for another network", { network: "mainnet" }, {}],
      ["lets keys be deleted only", { mayAdd: false }, {}],
    ])("are refused under one that %s", async (_, allows, rest) => {
      const grant = grantOf(allows, rest);
      expect(await install(on, grant)).toBe("installed");
      expect(await addPending()).toEqual(denied);
      await on.signer.admin.revokeAdminGrant({ id: grant.id });
    });

    it("are refused under one that was revoked", async () => {
      const grant = grantOf();
      expect(await install(on, grant)).toBe("installed");
      await on.signer.admin.revokeAdminGrant({ id: grant.id });
      expect(await addPending()).toEqual(denied);
      // Changes nothing.
      expect(await install(on, grant)).toBe("installed");
      expect(await addPending()).toEqual(denied);
    });
  });

  it("are refused without an operator: the relay's certificate installs no grant", async () => {
    const { adminKey, adminAddress, address } = on.signer;
    // Even one that an admin has signed.
    const { grantBytes: grant, ...rest } = signAdminGrant(grantOf(), "ops", adminKey);
    for (const [at, code] of [
      [adminAddress, "PEER_NOT_ALLOWED"],
      [address, "METHOD_UNKNOWN"],
    ] as const) {
      const client = createClient(SignerAdminService, on.relay.connections.connect(at, "gRPC"));
      const answer = client.installAdminGrant({ grant: { grant, ...rest } });
      expect(reasonName(errorFromConnect(await answer.catch((e: unknown) => e)).reason ?? 0)).toBe(code);
    }
    on.relay.noteRefused("PEER_NOT_ALLOWED");
    on.relay.note("", new Uint8Array(), { reason: "METHOD_UNKNOWN" });
    expect(await addPending()).toEqual(denied);
  });

  describe("within a standing grant", () => {
    const attacks: [string, Outcome, (on: Attacked) => Promise<Outcome>][] = [
      ["an attacker's key", denied, (o) => change(o, [add(malloryKey)])],
      [
        "an attacker's key behind a pending one",
        denied,
        (o) => change(o, [add(own("pending")), add(malloryKey)]),
      ],
      ["an active key", denied, (o) => change(o, [add(own("relayer"))])],
      ["the signing key itself", denied, (o) => change(o, [add(own("keeper"))])],
      ["a drained key", denied, (o) => change(o, [add(own("drained"))])],
      ["a retired key", denied, (o) => change(o, [add(own("retired"))])],
      ["a paused key", denied, (o) => change(o, [add(own("paused"))])],
      ["an active key of another account", denied, (o) => change(o, [add(own("treasury"))])],
      [
        "a pending key with function calls only",
        denied,
        (o) => change(o, [actions.addFunctionCallAccessKey(own("pending"), APP, [], 1n)]),
      ],
      ["the deletion of the signing key", denied, (o) => change(o, [remove(own("keeper"))])],
      ["the deletion of an active key", denied, (o) => change(o, [remove(own("relayer"))])],
      ["the deletion of a paused key", denied, (o) => change(o, [remove(own("paused"))])],
      ["the deletion of a pending key", denied, (o) => change(o, [remove(own("pending"))])],
      ["the deletion of a key that the signer does not hold", denied, (o) => change(o, [remove(malloryKey)])],
      [
        "the deletion of an active key behind that of a drained one",
        denied,
        (o) => change(o, [remove(own("drained")), remove(own("relayer"))]),
      ],
      [
        "a transfer behind a pending key",
        notAllowed,
        (o) => change(o, [add(own("pending")), actions.transfer(1n)]),
      ],
      [
        "a pending key on another account",
        notAllowed,
        (o) => change(o, [add(own("pending"))], "keeper", APP),
      ],
      [
        "a pending key, under a key whose policy has no key management",
        notAllowed,
        (o) => change(o, [add(own("pending"))], "relayer"),
      ],
      [
        "a pending key, under the key of another account",
        notAllowed,
        (o) => change(o, [add(own("pending"))], "treasury"),
      ],
    ];

    it("a pending key is added and a drained one deleted, and nothing else", async () => {
      const grant = grantOf();
      expect(await install(on, grant)).toBe("installed");
      for (const [name, outcome, attack] of attacks) expect(await attack(on), name).toEqual(outcome);
      expect(isSigned(await addPending())).toBe(true);
      expect(isSigned(await change(on, [remove(own("drained"))]))).toBe(true);
      await on.signer.admin.revokeAdminGrant({ id: grant.id });
      expect(await addPending()).toEqual(denied);
    });
  });
}
