import { generateKeyPairSync } from "node:crypto";
import { type Client, createClient } from "@connectrpc/connect";
import { KeyPoolSignerService } from "@countersign/gen/countersign/signer/v1/key_pool_signer_service_pb.ts";
import {
  type KeyState,
  KeyState as State,
} from "@countersign/gen/countersign/signer/v1/relayer_signer_pb.ts";
import type { RelayerSignerService } from "@countersign/gen/countersign/signer/v1/relayer_signer_service_pb.ts";
import { formatPublicKey } from "@countersign/near";
import { errorFromConnect, reasonName } from "@countersign/service-kit";
import type { SignerOverrides } from "@countersign/signer-service/app.ts";
import { publicKeyOf } from "@countersign/signer-service/backends/keystore/ed25519-seed.ts";
import type { SignerConfig } from "@countersign/signer-service/config.ts";
import { signAdminGrant } from "@countersign/signer-service/grants/admin-grant-signature.ts";
import type { AdminGrant, KeyPoolGrant } from "@countersign/signer-service/grants/admin-grants.ts";
import { openPolicy, type SignerSettings } from "../../../support/signer-settings.ts";
import { keystoreOf } from "../../support/keystores.ts";
import { type RunningSigner, runLockedSigner, signerConfig } from "../../support/running-signer.ts";
import { signerClient, unixTransport } from "../../support/signer-client.ts";
import { RELAYER } from "../../support/transactions.ts";

export const NETWORK = "testnet";
/** The admin key that signs every test's grants. */
const ADMIN = generateKeyPairSync("ed25519").privateKey;
const POOL: KeyPoolGrant = { keyIdPrefix: "pool-", backend: "keystore", maxKeys: 4, minActive: 1 };

/** A signer with a relay that may take keys through their lives, if a grant is installed. */
export interface PoolSigner extends RunningSigner {
  readonly pools: Client<typeof KeyPoolSignerService>;
  readonly relay: Client<typeof RelayerSignerService>;
  /** Installs a grant of RELAYER's keys: "pool-…" in the keystore, 4 keys, 1 active, unless it says otherwise. */
  grant(id: string, pool?: Partial<KeyPoolGrant> | null, rest?: Partial<AdminGrant>): Promise<void>;
  /** States by key id. */
  states(): Promise<Record<string, string>>;
}

/** Keys "a" and "b" of RELAYER in a keystore, with policies for them and for "pool-…". */
export async function poolConfig(
  more: SignerSettings = {},
  env: Readonly<Record<string, string>> = {},
): Promise<SignerConfig> {
  const policy = openPolicy(NETWORK, RELAYER);
  return signerConfig(
    await keystoreOf({ keyId: "a", accountId: RELAYER }, { keyId: "b", accountId: RELAYER }),
    {
      admin_keys: [{ id: "ops", public_key: formatPublicKey(publicKeyOf(ADMIN)) }],
      policies: { a: policy, b: policy, "pool-*": { ...policy, key_management: true } },
      ...more,
    },
    env,
  );
}

/** Starts it; "a" and "b" are active, with a floor of 0 if they had none. It is drained when the test ends. */
export async function startPoolSigner(
  config?: SignerConfig,
  overrides: SignerOverrides = {},
): Promise<PoolSigner> {
  const signer = await runLockedSigner(config ?? (await poolConfig()), overrides);
  const { admin, address } = signer;
  const floors = ["a", "b"].map((keyId) => ({ keyId, nonce: 0n }));
  await admin.setNonceFloors({ floors });
  const transport = unixTransport(address);
  const relay = signerClient(transport);
  return {
    ...signer,
    pools: createClient(KeyPoolSignerService, transport),
    relay,
    async grant(id, pool = {}, rest = {}) {
      const now = Date.now();
      const allows: AdminGrant["allows"] = {
        kind: "key_management",
        network: NETWORK,
        accountId: RELAYER,
        mayAdd: true,
        mayDelete: true,
        ...(pool === null ? {} : { pool: { ...POOL, ...pool } }),
      };
      const { audience } = await admin.getStatus({});
      const times = { notBefore: new Date(now - 1_000), expiresAt: new Date(now + 3_600_000) };
      const signed = signAdminGrant({ id, audience, ...times, allows, ...rest }, "ops", ADMIN);
      const { grantBytes: grant, adminKeyId, signature } = signed;
      await admin.installAdminGrant({ grant: { grant, adminKeyId, signature } });
    },
    async states() {
      const { keys } = await relay.listKeys({});
      return Object.fromEntries(keys.map(({ keyId, state }) => [keyId, nameOf(state)]));
    },
  };
}

/** A request for a key of RELAYER. */
export const newKey = (keyId: string, accountId = RELAYER) => ({ network: NETWORK, accountId, keyId });

function nameOf(state: KeyState | undefined): string {
  return Object.entries(State).find(([, number]) => number === state)?.[0] ?? "no key";
}

/** The state that a call brought the key to, or the reason's name. */
export async function outcome(call: Promise<{ key?: { state: KeyState } | undefined }>): Promise<string> {
  try {
    return nameOf((await call).key?.state);
  } catch (error) {
    return reasonName(errorFromConnect(error).reason ?? 0);
  }
}

/** What a refused call complains of. */
export async function complaint(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => "nothing",
    (error: unknown) => errorFromConnect(error).message,
  );
}
