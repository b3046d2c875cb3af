import { randomBytes } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import { LimitsSchema } from "@countersign/gen/countersign/admin/v1/limits_pb.ts";
import { PolicySchema } from "@countersign/gen/countersign/admin/v1/policy_pb.ts";
import { ApiKeyHasher, mintApiKey } from "@countersign/server/access/api-key.ts";
import { type ProtectionSnapshot, SCOPES } from "@countersign/server/ledger/ledger.ts";
import { policyText } from "@countersign/server/policy/policy-document.ts";
import { Directory } from "@countersign/server/tenant/directory.ts";
import { limitsText } from "@countersign/server/tenant/limits.ts";
import { Secret } from "@countersign/service-kit";
import { exportJWK, generateKeyPair, SignJWT } from "jose";

const ISSUER = "https://id.example";
const AUDIENCE = "wallet";
const TOKEN_LIFETIME_MS = 3_600_000;
/** Other tenants and keys that the directory holds besides. */
const NEIGHBOURS = 200;

/** What an operator of a wallet may write: which methods, how much of it, and for whom. */
const CONDITION =
  'actions.all(a, a.kind == "FunctionCall" && a.method in ["add_message", "like"] && size(a.args.text) <= 280)' +
  ' && gas <= 50000000000000 && deposit_millinear <= 10 && !sender_id.endsWith(".blocked.test")';

const DELEGATES = {
  allow: [{ receiver: "guest-book.test", methods: ["add_message"] }, { receiver: "*.app.test" }],
  deny: [{ receiver: "faucet.app.test" }],
  actionKinds: ["FunctionCall", "Transfer"],
  maxGas: 50_000_000_000_000n,
  maxDeposit: "1",
};

/** Tenants as a relay holds them in memory, and what two callers of one of them present. */
export interface Tenants {
  readonly directory: Directory;
  readonly hasher: ApiKeyHasher;
  /** An API key's text, of tenant "plain" whose policy has no condition. */
  readonly apiKey: string;
  /** A JSON Web Token, ES256, of an end user of tenant "conditional" whose policy has one. */
  readonly token: string;
}

/** Makes them, with a key set that stands in the tenant's configuration: nothing is fetched. */
export async function makeTenants(now: () => Date): Promise<Tenants> {
  const hasher = new ApiKeyHasher([new Secret(randomBytes(32).toString("base64url"))]);
  const keys = ["plain", ...Array.from({ length: NEIGHBOURS }, (_, i) => `neighbour-${i}`)].map((tenant) => ({
    tenant,
    minted: mintApiKey(randomBytes),
  }));
  const { publicKey, privateKey } = await generateKeyPair("ES256");
  const jwk = { ...(await exportJWK(publicKey)), kid: "1", alg: "ES256" };
  const snapshot = snapshotOf(now(), hasher, keys, JSON.stringify({ keys: [jwk] }));
  const token = await new SignJWT({ iss: ISSUER, aud: AUDIENCE, sub: "alice" })
    .setProtectedHeader({ alg: "ES256", kid: "1" })
    .setIssuedAt()
    .setExpirationTime(new Date(now().getTime() + TOKEN_LIFETIME_MS))
    .sign(privateKey);
  const fail = (error: unknown) => {
    throw error;
  };
  const directory = await Directory.open({
    store: { revision: async () => snapshot.revision, snapshot: async () => snapshot },
    onFailed: fail,
    onUnusable: (_, error) => fail(error),
  });
  return { directory, hasher, apiKey: keys[0]?.minted.text.reveal() ?? "", token };
}

interface MintedFor {
  readonly tenant: string;
  readonly minted: ReturnType<typeof mintApiKey>;
}

function snapshotOf(
  at: Date,
  hasher: ApiKeyHasher,
  keys: readonly MintedFor[],
  jwksJson: string,
): ProtectionSnapshot {
  const issuer = {
    issuer: ISSUER,
    audience: AUDIENCE,
    jwksUri: "",
    jwksJson,
    algorithms: ["ES256"],
    clockSkewSeconds: 10,
    subjectPrefix: "",
    scopes: SCOPES,
  };
  const ids = ["conditional", ...keys.map(({ tenant }) => tenant)];
  const document = { version: 1n, author: "bench", createdAt: at };
  return {
    revision: 1n,
    tenants: ids.map((id) => ({
      id,
      displayName: "",
      disabled: false,
      tokenIssuers: id === "conditional" ? [issuer] : [],
      signIn: null,
      version: 1n,
      createdAt: at,
    })),
    keys: keys.map(({ tenant, minted }) => ({
      id: minted.id,
      tenant,
      displayName: "",
      scopes: SCOPES,
      secretHash: hasher.hash(minted),
      createdAt: at,
      expiresAt: null,
      revokedAt: null,
      lastUsedAt: null,
      rotatedFrom: null,
    })),
    documents: ids.flatMap((tenant) => {
      const condition = tenant === "conditional" ? CONDITION : "";
      const policy = create(PolicySchema, { delegates: { ...DELEGATES, condition } });
      return [
        { ...document, tenant, kind: "policy" as const, text: policyText(policy) },
        { ...document, tenant, kind: "limits" as const, text: limitsText(create(LimitsSchema, {})) },
      ];
    }),
    pauses: [],
    webhooks: [],
  };
}
