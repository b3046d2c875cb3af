import { expect, test } from "vitest";
import { ECDSA_SCHEME, ED25519_SCHEME } from "./schemes/scheme-ids.ts";
import { thresholdSchema } from "./threshold-schema.ts";

const ENV = {
  SEAL: "11".repeat(32),
  SEAL_2: Buffer.alloc(32, 0x12).toString("base64url"),
  ONE: "21".repeat(32),
  ONE_AGAIN: Buffer.alloc(32, 0x21).toString("base64url"),
  TWO: "22".repeat(32),
  SHORT: "33".repeat(31),
  LONG: "33".repeat(33),
};

const wallet = { id: "wallet.example", origins: ["https://wallet.example"] };
const SECTION = {
  sealing_keys: ["env:SEAL", "env:SEAL_2"],
  master_secrets: [
    { network: "testnet", epoch: 1, secret: "env:ONE" },
    { network: "testnet", epoch: 2, secret: "env:TWO" },
    { network: "mainnet", epoch: 1, sealed: { file: "m.json", backend: "hsm", key: "master" } },
  ],
  tenants: [{ tenant: "acme", relying_parties: [wallet] }],
};
const read = (section: unknown) => thresholdSchema(ENV).safeParse(section);

test("a section has its defaults and shows no secret", () => {
  const { data } = read(SECTION);
  expect(data).toMatchObject({
    tenants: [{ tenant: "acme", relyingParties: [wallet], export: false }],
    sessions: { defaultLifetimeSeconds: 900, maxLifetimeSeconds: 86_400, defaultUses: 100, maxUses: 1_000 },
    presign: { perSession: 100, perUserDay: 1_000, capacity: 8, refillBelow: 2 },
    exports: { userPerHour: 3, tenantPerHour: 60 },
  });
  expect(data?.presign).toMatchObject({ concurrent: 8, concurrentPerTenant: 4, concurrentPerUser: 2 });
  expect(new Set(data?.masterSecrets.map(({ scheme }) => scheme))).toEqual(new Set([ED25519_SCHEME]));
  expect(data?.masterSecrets.map(({ kind }) => kind)).toEqual(["reference", "reference", "sealed"]);
  expect(JSON.stringify(data)).not.toMatch(/(11|21|22){8}/);
});

const origins = (...given: string[]) => ({
  tenants: [{ tenant: "acme", relying_parties: [{ ...wallet, origins: given }] }],
});
const named = (...ids: string[]) => ({
  tenants: ids.map((id, i) => ({ tenant: `t${i}`, relying_parties: [{ ...wallet, id }] })),
});
const secrets = (...given: object[]) => ({
  master_secrets: given.map((s) => ({ network: "testnet", epoch: 1, secret: "env:ONE", ...s })),
});

test.each([
  ["a localhost origin over http", origins("http://localhost:8080")],
  ["an origin below localhost over http", origins("http://wallet.localhost:8080")],
  ["an origin with a port", origins("https://wallet.example:8443")],
  ["a secret in base64url", secrets({ secret: "env:ONE_AGAIN" })],
  ["no tenants", { tenants: [] }],
  ["the same epoch of two schemes", secrets({}, { secret: "env:TWO", scheme: ECDSA_SCHEME })],
])("%s is taken", (_, change) => {
  expect(read({ ...SECTION, ...change }).error).toBeUndefined();
});

test.each([
  [
    "a secret for two networks",
    secrets({}, { network: "mainnet", secret: "env:ONE_AGAIN" }),
    /mainnet epoch 1.*same/,
  ],
  ["a secret for two epochs", secrets({}, { epoch: 2 }), /testnet epoch 2 have the same/],
  [
    "a secret for two schemes",
    secrets({}, { scheme: ECDSA_SCHEME, secret: "env:ONE_AGAIN" }),
    /testnet epoch 1 of threshold-secp256k1-ecdsa-2p-v1 have the same/,
  ],
  [
    "an epoch of ECDSA twice",
    secrets({ scheme: ECDSA_SCHEME }, { scheme: ECDSA_SCHEME }),
    /-2p-v1 occurs twice/,
  ],
  ["an unknown scheme", secrets({ scheme: "ecdsa" }), /threshold-secp256k1/],
  ["a pool that is never full enough", { presign: { capacity: 1 } }, /at most capacity/],
  ["one tenant that may have more than all", { presign: { concurrent: 3 } }, /at most concurrent/],
  ["an epoch twice", secrets({}, { secret: "env:TWO" }), /testnet epoch 1 occurs twice/],
  ["a secret that seals too", { sealing_keys: ["env:ONE"] }, /a sealing key have the same/],
  ["one sealing key twice", { sealing_keys: ["env:SEAL", "env:SEAL"] }, /the two are the same/],
  ["three sealing keys", { sealing_keys: ["env:SEAL", "env:SEAL_2", "env:TWO"] }, /<=2/],
  ["a short secret", secrets({ secret: "env:SHORT" }), /32 bytes/],
  ["a long secret", secrets({ secret: "env:LONG" }), /32 bytes/],
  ["a secret that is written down", secrets({ secret: ENV.ONE }), /must be a reference/],
  ["a secret and a sealed one", secrets({ sealed: { file: "f", backend: "b", key: "k" } }), /either/],
  ["neither", secrets({ secret: undefined }), /either/],
  ["epoch 0", secrets({ epoch: 0 }), />=1/],
  ["a relying party of two tenants", named("wallet.example", "wallet.example"), /is t0's: it belongs to one/],
  ["a relying party in capitals", named("Wallet.example"), /lower case/],
  ["an origin without TLS", origins("http://wallet.example"), /https/],
  ["an origin with a path", origins("https://wallet.example/"), /origin like/],
  ["an origin of another kind", origins("app:wallet"), /origin like/],
  ["an origin in capitals", origins("https://Wallet.example"), /origin like/],
  ["a lifetime above the cap", { sessions: { max_lifetime_s: 86_401 } }, /86400/],
  ["uses above the cap", { sessions: { max_uses: 1_001 } }, /1000/],
  ["a default above the most", { sessions: { max_uses: 10 } }, /at most max_uses/],
])("%s is refused, without what it is", (_, change, message) => {
  const { error } = read({ ...SECTION, ...change });
  expect(error?.issues.map((i) => i.message).join("; ")).toMatch(message);
  expect(JSON.stringify(error?.issues)).not.toMatch(/(11|21|22|33){8}/);
});

test("a tenant's own relying party twice, and a tenant twice, are refused", () => {
  const twice = { tenant: "acme", relying_parties: [wallet, wallet] };
  expect(read({ ...SECTION, tenants: [twice] }).error?.issues[0]?.message).toMatch(/occurs twice/);
  const other = { tenant: "acme", relying_parties: [{ ...wallet, id: "other.example" }] };
  const tenants = [{ tenant: "acme", relying_parties: [wallet] }, other];
  expect(read({ ...SECTION, tenants }).error?.issues[0]?.message).toMatch(/tenant acme occurs twice/);
});
