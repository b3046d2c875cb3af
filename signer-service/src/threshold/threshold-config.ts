import type { ConfigSecret } from "@countersign/service-kit";

/** Where a master secret comes from. */
export type MasterSecretSource = {
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
  /** How many shares may leave the signer. */
  readonly exports: {
    readonly userPerHour: number;
    readonly tenantPerHour: number;
  };
}
