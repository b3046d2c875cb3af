import type { ConfigSecret } from "@countersign/service-kit";
import type { EvmPolicy } from "./evm-policy/evm-policy.ts";

/** Where a master secret comes from. */
export type MasterSecretSource = {
  /** The one scheme that it is for, for example "threshold-ed25519-frost-2p-v1". */
  readonly scheme: string;
  /** The one network that it is for. */
  readonly network: string;
  /** From 1. */
  readonly epoch: number;
} & (
  | { readonly kind: "reference"; readonly secret: ConfigSecret }
  /** A file that `signer master-secret generate` made, sealed under a key of a backend. */
  | { readonly kind: "sealed"; readonly file: string; readonly backend: string; readonly key: string }
);

export interface RelyingParty {
  /** In lower case. */
  readonly id: string;
  /** Where assertions may come from: "https://wallet.example", or "http://localhost:8080". */
  readonly origins: readonly string[];
}

export interface ThresholdTenant {
  readonly tenant: string;
  readonly relyingParties: readonly RelyingParty[];
  /** Whether shares of its keys may leave the signer. */
  readonly export: boolean;
  readonly evm: EvmPolicy;
}

/** The section `threshold` of the configuration. Without it the signer serves no threshold signing. */
export interface ThresholdConfig {
  /** 32 bytes each, in hexadecimal digits or base64url. The first one seals. */
  readonly sealingKeys: readonly ConfigSecret[];
  readonly masterSecrets: readonly MasterSecretSource[];
  readonly tenants: readonly ThresholdTenant[];
  readonly sessions: {
    /** What a policy that says nothing gets, and the most that one may ask for. */
    readonly defaultLifetimeSeconds: number;
    readonly maxLifetimeSeconds: number;
    readonly defaultUses: number;
    readonly maxUses: number;
  };
  /** What presignatures of threshold ECDSA may cost. */
  readonly presign: {
    /** So many may be made by one threshold session, and for one user of a tenant on one day (UTC). */
    readonly perSession: number;
    readonly perUserDay: number;
    /** Held for one key, those that are being made among them. */
    readonly capacity: number;
    /** Wallets are told to make more where a key has fewer than this. */
    readonly refillBelow: number;
    /** Steps that run at the same time, in total, for one tenant and for one of its users. */
    readonly concurrent: number;
    readonly concurrentPerTenant: number;
    readonly concurrentPerUser: number;
  };
  /** How many shares may leave the signer. */
  readonly exports: {
    readonly userPerHour: number;
    readonly tenantPerHour: number;
  };
}
