import { SCOPES } from "@countersign/server/ledger/ledger.ts";
import { exportJWK, generateKeyPair } from "jose";
import { operatorsAudit, type PreparedLedger, prepareLedger } from "./prepared-ledger.ts";
import { testKey } from "./tenants.ts";
import { startTestRelay, type TestRelay, type TestRelayOptions } from "./test-relay.ts";
import { OPEN_POLICY, type SeededTenant } from "./test-tenant.ts";

/** Keys of a protected relay's tenants, each with every scope unless it says otherwise. */
export const PROTECTED_KEYS = {
  /** Of a tenant that may do all that the relay does. */
  open: testKey(20),
  /** The same tenant's, with scope "read" alone. */
  reader: testKey(21),
  /** The same tenant's, with a scope that no method asks for. */
  scopeless: testKey(22),
  /** The same tenant's, and expired. */
  expired: testKey(23),
  /** The same tenant's, and revoked. */
  revoked: testKey(24),
  /** Of a disabled tenant. */
  disabled: testKey(25),
  /** Of a tenant whose work is paused. */
  paused: testKey(26),
  /** Of a tenant without a policy. */
  ungranted: testKey(27),
  /** Of a tenant with STRICT_POLICY. */
  strict: testKey(28),
  /** Of a tenant that may create accounts that this relay does not create, and none that it does. */
  elsewhere: testKey(29),
  /** Of a tenant whose budgets are all 0. */
  broke: testKey(30),
  /** Of a tenant that may call once an hour. */
  hasty: testKey(31),
} as const;

/** A token issuer that the open tenant trusts; the private half of its key is gone. */
export const TRUSTED_ISSUER = "https://issuer.example";

/** Where the open tenant's users sign in, at a relay that has a section "session". */
export const PROTECTED_WALLET = {
  tenant: "open",
  rpId: "wallet.example",
  origin: "https://wallet.example",
} as const;

/** One method of one contract, plain transfers to it, up to 5 yoctoNEAR and 40 Tgas, at most two actions. */
const STRICT_POLICY: NonNullable<SeededTenant["policy"]> = {
  delegates: {
    allow: [{ receiver: "guest-book.test", methods: ["add_message"] }],
    actionKinds: ["FunctionCall", "Transfer"],
    maxGas: 40_000_000_000_000n,
    maxDeposit: "5",
    condition: "size(actions) <= 2",
  },
  accounts: { suffixes: [".relay.test"], maxInitialBalance: "1000" },
};

const OPEN = PROTECTED_WALLET.tenant;
const NOTHING = { accounts: 0n, gas: "0", deposit: "0" };

const TENANTS: readonly SeededTenant[] = [
  {
    tenant: OPEN,
    policy: OPEN_POLICY,
    keys: [
      { minted: PROTECTED_KEYS.open },
      { minted: PROTECTED_KEYS.reader, scopes: ["read"] },
      { minted: PROTECTED_KEYS.scopeless, scopes: ["end-users"] },
      { minted: PROTECTED_KEYS.expired, expiresAt: new Date(Date.now() - 60_000) },
      { minted: PROTECTED_KEYS.revoked },
    ],
  },
  { tenant: "disabled", policy: OPEN_POLICY, keys: [{ minted: PROTECTED_KEYS.disabled }] },
  { tenant: "paused", policy: OPEN_POLICY, keys: [{ minted: PROTECTED_KEYS.paused }] },
  { tenant: "ungranted", keys: [{ minted: PROTECTED_KEYS.ungranted }] },
  { tenant: "strict", policy: STRICT_POLICY, keys: [{ minted: PROTECTED_KEYS.strict }] },
  {
    tenant: "elsewhere",
    policy: { accounts: { suffixes: [".registrar.test"], maxInitialBalance: "1000" } },
    keys: [{ minted: PROTECTED_KEYS.elsewhere }],
  },
  {
    tenant: "broke",
    policy: OPEN_POLICY,
    limits: { tenantDay: NOTHING },
    keys: [{ minted: PROTECTED_KEYS.broke }],
  },
  {
    tenant: "hasty",
    policy: OPEN_POLICY,
    limits: { tenantRate: { perSecond: 1 / 3600, burst: 1 } },
    keys: [{ minted: PROTECTED_KEYS.hasty }],
  },
];

/** A relay with the tenants of PROTECTED_KEYS. Stake actions are paused. */
export async function startProtectedRelay(
  options: Omit<TestRelayOptions, "ledgerUrl" | "tenants"> = {},
): Promise<{ relay: TestRelay; stop: () => Promise<void> }> {
  const ledger = await prepareTenants();
  const relay = await startTestRelay({ ...options, ledgerUrl: ledger.url, tenants: TENANTS });
  return {
    relay,
    async stop() {
      await relay.stop();
      await ledger.remove();
    },
  };
}

function prepareTenants(): Promise<PreparedLedger> {
  return prepareLedger(TENANTS, async (ledger) => {
    const at = new Date();
    const pause = { mode: "DRAIN", reason: "a test", author: "test", createdAt: at } as const;
    await ledger.revokeApiKey(OPEN, PROTECTED_KEYS.revoked.id, at, operatorsAudit(OPEN, at));
    await ledger.updateTenant("disabled", 1n, { disabled: true }, operatorsAudit("disabled", at));
    const tokenIssuers = [
      {
        issuer: TRUSTED_ISSUER,
        audience: "countersign",
        jwksUri: "",
        jwksJson: await keySet(),
        algorithms: ["ES256"],
        clockSkewSeconds: 5,
        subjectPrefix: "",
        scopes: SCOPES,
      },
    ];
    const { rpId, origin } = PROTECTED_WALLET;
    const party = { id: rpId, name: "Wallet", origins: [origin], userVerificationOptional: false };
    const signIn = { relyingParties: [party], providers: [], scopes: [] };
    await ledger.updateTenant(OPEN, 1n, { tokenIssuers, signIn }, operatorsAudit(OPEN, at));
    await ledger.putPause(
      { ...pause, id: "pause-tenant", level: "TENANT", target: "paused" },
      operatorsAudit("paused", at),
    );
    await ledger.putPause(
      { ...pause, id: "pause-kind", level: "ACTION_KIND", target: "Stake" },
      operatorsAudit("", at),
    );
  });
}

async function keySet(): Promise<string> {
  const { publicKey } = await generateKeyPair("ES256");
  return JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: "1", alg: "ES256" }] });
}
