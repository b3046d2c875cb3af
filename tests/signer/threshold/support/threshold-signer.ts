import { randomBytes } from "node:crypto";
import { type Client, createClient, type Interceptor } from "@connectrpc/connect";
import { ThresholdSignerService } from "@countersign/gen/countersign/signer/v1/threshold_signer_service_pb.ts";
import type { SignerOverrides } from "@countersign/signer-service/app.ts";
import type { SignerSettings } from "../../../support/signer-settings.ts";
import { testBackend } from "../../../support/test-signer.ts";
import { type RunningSigner, runLockedSigner, signerConfig } from "../../support/running-signer.ts";
import { unixTransport } from "../../support/signer-client.ts";

export const NETWORK = "testnet";
/** The tenant of most tests: its shares may leave the signer. */
export const TENANT = "acme";
export const RP_ID = "wallet.example";
export const ORIGIN = "https://wallet.example";
/** Another tenant, whose shares may not. */
export const OTHER_TENANT = "globex";
export const OTHER_RP_ID = "globex.example";

export type ThresholdClient = Client<typeof ThresholdSignerService>;

/** What `thresholdSettings` refers to. The same for all signers of a test run, as for those of one database. */
export const SECRETS_ENV: Readonly<Record<string, string>> = {
  SEALING_KEY: randomBytes(32).toString("hex"),
  MASTER_1: randomBytes(32).toString("hex"),
  MASTER_2: randomBytes(32).toString("hex"),
  MASTER_MAINNET: randomBytes(32).toString("hex"),
  MASTER_ECDSA_1: randomBytes(32).toString("hex"),
  MASTER_ECDSA_2: randomBytes(32).toString("hex"),
};

/** A section `threshold` for `NETWORK`, epoch 1, and both tenants. */
export function thresholdSettings(more: SignerSettings = {}): SignerSettings {
  return {
    sealing_keys: ["env:SEALING_KEY"],
    master_secrets: [{ network: NETWORK, epoch: 1, secret: "env:MASTER_1" }],
    tenants: [
      { tenant: TENANT, relying_parties: [{ id: RP_ID, origins: [ORIGIN] }], export: true },
      { tenant: OTHER_TENANT, relying_parties: [{ id: OTHER_RP_ID, origins: ["https://globex.example"] }] },
    ],
    ...more,
  };
}

export interface ThresholdSigner extends RunningSigner {
  readonly client: ThresholdClient;
}

export interface ThresholdSignerOptions {
  /** The section `threshold`. */
  readonly threshold?: SignerSettings;
  /** Other sections. */
  readonly settings?: SignerSettings;
  readonly overrides?: SignerOverrides;
  /** Of the client. */
  readonly interceptors?: Interceptor[];
}

/** A signer that holds no relayer keys, drained when the test ends. */
export async function startThresholdSigner({
  threshold = thresholdSettings(),
  settings = {},
  overrides = {},
  interceptors = [],
}: ThresholdSignerOptions = {}): Promise<ThresholdSigner> {
  const config = signerConfig("unused", { policies: {}, threshold, ...settings }, SECRETS_ENV);
  const openBackends = async () => [testBackend("keystore", [])];
  const signer = await runLockedSigner(config, { openBackends, ...overrides });
  const transport = unixTransport(signer.address, interceptors);
  return { ...signer, client: createClient(ThresholdSignerService, transport) };
}
