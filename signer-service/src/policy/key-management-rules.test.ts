import { type AccessKeyPermission, type Action, formatPublicKey } from "@countersign/near";
import { describe, expect, it } from "vitest";
import {
  check,
  KEY,
  OTHER_KEY,
  outcome,
  policyFrom,
  RELAYER,
  record,
  transaction,
} from "../../../tests/signer/support/policy-checks.ts";
import type { AdminGrant, KeyManagementGrant } from "../grants/admin-grants.ts";
import type { KeyRecord } from "../keys/key-records.ts";

const POLICY = policyFrom({ key_management: true });
const ADD: Extract<Action, { kind: "AddKey" }> = {
  kind: "AddKey",
  publicKey: OTHER_KEY,
  nonce: 0n,
  permission: { kind: "FullAccess" },
};
const DELETE: Action = { kind: "DeleteKey", publicKey: OTHER_KEY };
/** The key that signs. */
const SIGNING = record(KEY.publicKey, { keyId: "relayer-1", state: "ACTIVE" });

function grant(fields: Partial<KeyManagementGrant> = {}): AdminGrant {
  const base = { network: "testnet", accountId: RELAYER, mayAdd: true, mayDelete: true };
  return {
    id: "lanes",
    audience: "signer-1",
    notBefore: new Date(0),
    expiresAt: new Date(1),
    allows: { kind: "key_management", ...base, ...fields },
  };
}

function changed(
  actions: Action[],
  heldRecords: readonly KeyRecord[],
  grants = [grant()],
  receiverId = RELAYER,
) {
  const keyManagementFacts = async () => ({ heldRecords, grants });
  return outcome(transaction({ receiverId, actions }), POLICY, { keyManagementFacts });
}

describe("AddKey", () => {
  it("is signed for a pending key that the signer holds", async () => {
    expect(await changed([ADD], [SIGNING, record(OTHER_KEY)])).toBe("KEY_MANAGEMENT");
    const keyManagementFacts = async () => ({ heldRecords: [record(OTHER_KEY)], grants: [grant()] });
    const checked = await check(transaction({ receiverId: RELAYER, actions: [ADD] }), POLICY, {
      keyManagementFacts,
    });
    expect(checked).toMatchObject({ purpose: "KEY_MANAGEMENT", nonce: 42n, deposit: 0n });
  });

  it.each<[string, KeyRecord[]]>([
    ["a stranger's key", [SIGNING]],
    ["an active key", [record(OTHER_KEY, { state: "ACTIVE" })]],
    ["a retired key", [record(OTHER_KEY, { state: "RETIRED" })]],
    ["a paused key", [record(OTHER_KEY, { pauseReason: "lost token" })]],
    ["a key of another account", [record(OTHER_KEY, { accountId: "other.testnet" })]],
    ["a key of another network", [record(OTHER_KEY, { network: "mainnet" })]],
    ["another pending key than the held one", [record(KEY.publicKey)]],
  ])("is refused for %s", async (_, heldRecords) => {
    expect(await changed([ADD], heldRecords)).toBe("SIGNER_POLICY_DENIED");
  });

  it("must give full access, with nonce 0", async () => {
    const limited: AccessKeyPermission = {
      kind: "FunctionCall",
      allowance: 1n,
      receiverId: "a.near",
      methodNames: [],
    };
    for (const fields of [{ permission: limited }, { nonce: 1n }]) {
      expect(await changed([{ ...ADD, ...fields }], [record(OTHER_KEY)])).toBe("SIGNER_POLICY_DENIED");
    }
  });
});

describe("DeleteKey", () => {
  const drained = record(OTHER_KEY, { state: "DRAINED" });

  it("is signed for a drained key while an active one stays", async () => {
    expect(await changed([DELETE], [SIGNING, drained])).toBe("KEY_MANAGEMENT");
  });

  it.each<[string, KeyRecord[]]>([
    ["a stranger's key", [SIGNING]],
    ["an active key", [SIGNING, record(OTHER_KEY, { state: "ACTIVE" })]],
    ["a pending key", [SIGNING, record(OTHER_KEY)]],
    ["a key of another account", [SIGNING, { ...drained, accountId: "other.testnet" }]],
    ["a key of another network", [SIGNING, { ...drained, network: "mainnet" }]],
    ["the last key", [drained]],
    ["the last key that is not paused", [{ ...SIGNING, pauseReason: "incident" }, drained]],
    ["the last key of the account", [{ ...SIGNING, accountId: "other.testnet" }, drained]],
    ["the last key of the network", [{ ...SIGNING, network: "mainnet" }, drained]],
  ])("is refused for %s", async (_, heldRecords) => {
    expect(await changed([DELETE], heldRecords)).toBe("SIGNER_POLICY_DENIED");
  });

  it("is refused for the key that signs", async () => {
    const own: Action = { kind: "DeleteKey", publicKey: KEY.publicKey };
    const another = record(OTHER_KEY, { state: "ACTIVE" });
    expect(await changed([own], [SIGNING, another])).toBe("SIGNER_POLICY_DENIED");
  });
});

describe("key management", () => {
  const book = [SIGNING, record(OTHER_KEY)];

  it("needs the policy's word before anybody asks for grants", async () => {
    const bytes = transaction({ receiverId: RELAYER, actions: [ADD] });
    expect(await outcome(bytes, policyFrom({}))).toBe("SIGNER_PURPOSE_NOT_ALLOWED");
  });

  it("needs a grant for this network, account and kind of change", async () => {
    const grants = [
      [],
      [grant({ network: "mainnet" })],
      [grant({ accountId: "other.testnet" })],
      [grant({ mayAdd: false })],
      [{ ...grant(), allows: { ...grant().allows, kind: "journal_repair" } as AdminGrant["allows"] }],
    ];
    for (const some of grants) expect(await changed([ADD], book, some)).toBe("SIGNER_POLICY_DENIED");
    expect(await changed([ADD], book, [grant({ mayDelete: false })])).toBe("KEY_MANAGEMENT");
    const drained = [SIGNING, record(OTHER_KEY, { state: "DRAINED" })];
    expect(await changed([DELETE], drained, [grant({ mayDelete: false })])).toBe("SIGNER_POLICY_DENIED");
  });

  it("looks at every change", async () => {
    const drained = { ...KEY.publicKey, data: new Uint8Array(32).fill(3) };
    const keys = [...book, record(drained, { keyId: "relayer-3", state: "DRAINED" })];
    const both: Action[] = [ADD, { kind: "DeleteKey", publicKey: drained }];
    expect(await changed(both, keys)).toBe("KEY_MANAGEMENT");
    expect(await changed([...both, { kind: "DeleteKey", publicKey: KEY.publicKey }], keys)).toBe(
      "SIGNER_POLICY_DENIED",
    );
    expect(formatPublicKey(drained)).not.toBe(formatPublicKey(OTHER_KEY));
  });

  it("is only for the relayer's own account, and mixes with nothing", async () => {
    expect(await changed([ADD], book, [grant()], "alice.testnet")).toBe("SIGNER_PURPOSE_NOT_ALLOWED");
    const mixed: Action[] = [ADD, { kind: "Transfer", deposit: 0n }];
    expect(await changed(mixed, book)).toBe("SIGNER_PURPOSE_NOT_ALLOWED");
  });
});
