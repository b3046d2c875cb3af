import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { EcdsaSigningService } from "@countersign/gen/countersign/threshold/v1/ecdsa_service_pb.ts";
import { Ed25519SigningService } from "@countersign/gen/countersign/threshold/v1/ed25519_service_pb.ts";
import { ThresholdKeyService } from "@countersign/gen/countersign/threshold/v1/threshold_key_service_pb.ts";
import { errorFromConnect, reasonName } from "@countersign/service-kit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { operatorsAudit, type PreparedLedger, prepareLedger } from "../support/prepared-ledger.ts";
import { keyHeaders, testKey } from "../support/tenants.ts";
import { NETWORK, startTestRelay, type TestRelay, withHeaders } from "../support/test-relay.ts";
import { type SeededTenant, TEST_API_KEY } from "../support/test-tenant.ts";
import { SIGN_IN } from "./support/threshold-relay.ts";
import { WALLET_CALLS } from "./support/wallet-calls.ts";

const KEYS = { wallet: testKey(40), reader: testKey(41), paused: testKey(42) };

const TENANTS: readonly SeededTenant[] = [
  {
    tenant: "acme",
    signIn: SIGN_IN,
    keys: [
      { minted: KEYS.wallet, scopes: ["threshold", "end-users"] },
      { minted: KEYS.reader, scopes: ["read", "list", "submit", "accounts", "end-users"] },
    ],
  },
  { tenant: "paused", keys: [{ minted: KEYS.paused, scopes: ["threshold", "end-users"] }] },
];

const BEGIN = { schemeId: "threshold-ed25519-frost-2p-v1", network: NETWORK, accountId: "alice.test" };
const ORIGIN = "https://wallet.example";

let ledger: PreparedLedger;
let relay: TestRelay;
beforeAll(async () => {
  ledger = await prepareLedger(TENANTS, async (opened) => {
    const createdAt = new Date();
    const pause = { mode: "DRAIN", reason: "a test", author: "test", createdAt } as const;
    await opened.putPause(
      { ...pause, id: "pause-1", level: "TENANT", target: "paused" },
      operatorsAudit("paused", createdAt),
    );
  });
  relay = await startTestRelay({
    ledgerUrl: ledger.url,
    tenants: TENANTS,
    settings: { "threshold.enabled": "true" },
  });
});
afterAll(async () => {
  await relay.stop();
  await ledger.remove();
});

/** The relay as a wallet with this key sees it, on behalf of Alice. */
function wallet(key: keyof typeof KEYS, headers: Record<string, string> = { "x-end-user": "alice" }) {
  const interceptors = [withHeaders({ ...keyHeaders(KEYS[key]), ...headers })];
  const transport = createConnectTransport({ baseUrl: relay.app.address, httpVersion: "2", interceptors });
  return {
    keys: createClient(ThresholdKeyService, transport),
    ed25519: createClient(Ed25519SigningService, transport),
    ecdsa: createClient(EcdsaSigningService, transport),
  };
}

async function reasonOf(call: Promise<unknown>): Promise<string> {
  const { reason } = await call.then(() => expect.fail("the call was answered"), errorFromConnect);
  return reason === undefined ? "none" : reasonName(reason);
}

test("a wallet's calls are for end users, and relying parties are the tenant's", async () => {
  const { keys } = wallet("wallet");
  expect(await reasonOf(wallet("wallet", {}).keys.listKeys({}))).toBe("END_USER_MISSING");
  expect(await reasonOf(keys.beginKey({ ...BEGIN, rpId: "other.example" }))).toBe("RELYING_PARTY_NOT_FOUND");
  expect(await reasonOf(keys.beginKey({ ...BEGIN, rpId: "wallet.example", network: "mainnet" }))).toBe(
    "NETWORK_MISMATCH",
  );
});

test("what the relay lets through is the signer's to answer, and this one has no threshold keys", async () => {
  const { keys } = wallet("wallet");
  expect(await reasonOf(keys.beginKey({ ...BEGIN, rpId: "wallet.example" }))).toBe("THRESHOLD_DISABLED");
});

test.each(WALLET_CALLS.map((call) => [call.method.name, call] as const))(
  "%s asks for scope threshold",
  async (_, { make }) => {
    expect(await reasonOf(make(wallet("reader")))).toBe("SCOPE_MISSING");
  },
);

test("a pause of the tenant stops what changes something, and nothing else", async () => {
  const { keys, ed25519, ecdsa } = wallet("paused");
  expect(await reasonOf(keys.beginKey({ ...BEGIN, rpId: "wallet.example" }))).toBe("PAUSED");
  expect(await reasonOf(keys.endSession({ token: "cst_x" }))).toBe("PAUSED");
  const digest = new Uint8Array(32);
  const init = { requestId: "r", keyId: "k", digest, clientCommitments: { hiding: digest, binding: digest } };
  expect(await reasonOf(ed25519.signInit(init))).toBe("PAUSED");
  const ends = { signingSessionId: "s", keyId: "k", digest, clientEntropy: digest };
  expect(await reasonOf(ecdsa.signEcdsaFinalize(ends))).toBe("PAUSED");
  expect(await reasonOf(ecdsa.getPresignaturePool({ keyId: "k" }))).not.toBe("PAUSED");
  expect(await reasonOf(keys.listKeys({}))).not.toBe("PAUSED");
});

test("pages of the tenant's wallet may call, and of no other", async () => {
  const preflight = (origin: string) =>
    fetch(`${relay.app.address}/${ThresholdKeyService.typeName}/ListKeys`, {
      method: "OPTIONS",
      headers: { origin, "access-control-request-method": "POST" },
    });
  expect((await preflight(ORIGIN)).headers.get("access-control-allow-origin")).toBe(ORIGIN);
  expect((await preflight("https://evil.example")).status).toBe(403);
  const from = (origin: string) => wallet("wallet", { "x-end-user": "alice", origin });
  expect(await reasonOf(from(ORIGIN).keys.listKeys({}))).toBe("THRESHOLD_DISABLED");
  expect(await reasonOf(from("https://evil.example").keys.listKeys({}))).toBe("ORIGIN_NOT_ALLOWED");
});

test("a relay without the section serves the methods and says that it has no threshold keys", async () => {
  const plain = await startTestRelay();
  try {
    const transport = createConnectTransport({
      baseUrl: plain.app.address,
      httpVersion: "2",
      interceptors: [withHeaders({ authorization: `Bearer ${TEST_API_KEY}`, "x-end-user": "alice" })],
    });
    const keys = createClient(ThresholdKeyService, transport);
    expect(await reasonOf(keys.listKeys({}))).toBe("THRESHOLD_DISABLED");
  } finally {
    await plain.stop();
  }
});
