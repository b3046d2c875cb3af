import { type ConfigSources, loadConfig, type Secret } from "@countersign/service-kit";
import type { z } from "zod";
import type { AdminRole } from "./admin-section.ts";
import { type CamelKeys, camelKeys } from "./camel-keys.ts";
import { lockRelaySchema } from "./lock-relay-schema.ts";
import { relaySchema } from "./relay-schema.ts";

type Sections = CamelKeys<z.output<ReturnType<typeof relaySchema>>>;
type LockSections = CamelKeys<z.output<ReturnType<typeof lockRelaySchema>>>;

/** A section that may be left out, with the signer's own name for itself. */
type Addressed<Section> = (NonNullable<Section> & { readonly audience: string }) | undefined;

/** Where the signer is: a Unix socket, or TCP with mutual TLS (paths of PEM files). */
export type SignerEndpoint =
  | { readonly kind: "unix"; readonly path: string }
  | {
      readonly kind: "tls";
      readonly url: string;
      readonly tls: { readonly caFile: string; readonly certFile: string; readonly keyFile: string };
    };

/** Where the operators' RPCs are served: a Unix socket, or TCP, with TLS if files (PEM) are named. */
export type AdminListen =
  | { readonly kind: "unix"; readonly path: string }
  | {
      readonly kind: "tcp";
      readonly host: string;
      readonly port: number;
      readonly tls: AdminTls | undefined;
    };

/** With `clientCaFile`, only clients with a certificate of that authority are let in. */
export interface AdminTls {
  readonly certFile: string;
  readonly keyFile: string;
  readonly clientCaFile?: string | undefined;
}

/** Operators, by the secret that they present or by the common name of their certificate. */
export interface AdminConfig {
  readonly listen: AdminListen;
  readonly keys: readonly {
    readonly name: string;
    readonly role: AdminRole;
    readonly secret: Secret<string>;
  }[];
  readonly clients: readonly { readonly name: string; readonly role: AdminRole }[];
}

/**
 * The relay's configuration, checked whole. Times in milliseconds, sizes in bytes, amounts in yoctoNEAR, gas in
 * gas units. docs/relay.example.yaml explains every key.
 */
export interface RelayConfig extends Omit<Sections, "signer" | "delegates" | "foreignSuffixes" | "admin"> {
  readonly signer: {
    readonly address: SignerEndpoint;
    readonly timeoutMs: number;
    /** How requests to the signer are signed; undefined for not at all. */
    readonly signedRequests: Addressed<Sections["signer"]["signedRequests"]>;
    /** How the grants of a call are signed; undefined for a signer that asks for none. */
    readonly grants: Addressed<Sections["signer"]["grants"]>;
    /** Whether the signer gets callers' tokens, to verify them again. */
    readonly passCredentials: boolean;
  };
  readonly delegates: Omit<Sections["delegates"], "minBlocksAhead" | "maxBlocksAhead"> & {
    readonly minBlocksAhead: bigint;
    readonly maxBlocksAhead: bigint;
  };
  readonly foreignSuffixes: readonly string[];
  /** Undefined for no admin port. */
  readonly admin: AdminConfig | undefined;
}

/**
 * The configuration of a relay that serves the lock and no funds, checked whole, as above. docs/lock-relay.example.yaml
 * explains every key.
 */
export interface LockRelayConfig extends CommonConfig, Pick<LockSections, "near"> {}

/** What every relay's configuration says, whatever it does for its callers. */
export interface CommonConfig
  extends Pick<
    RelayConfig,
    | "listen"
    | "operations"
    | "ledger"
    | "redis"
    | "signer"
    | "cors"
    | "auth"
    | "rates"
    | "admin"
    | "session"
    | "audit"
    | "lock"
    | "log"
  > {
  readonly limits: LockSections["limits"];
}

export interface LoadedConfig<Config> {
  readonly config: Config;
  /** The effective configuration as YAML, without secrets. */
  dump(): string;
}

/** Endings of account names that belong to another network; a network that is not listed shares them all. */
const FOREIGN_SUFFIXES: Readonly<Record<string, readonly string[]>> = {
  mainnet: [".testnet"],
  testnet: [".near"],
};

/** What the command line takes from the environment for itself, under the prefix of the overrides. */
const NO_OVERRIDES = ["COUNTERSIGN_ADMIN_URL", "COUNTERSIGN_ADMIN_KEY"];

type RelayConfigSources = Pick<ConfigSources, "file" | "env" | "flags">;

/**
 * Loads the relay's configuration; throws `ConfigError` with all problems at once. With NODE_ENV=production in the
 * environment, what is unsafe there is a problem too.
 */
export function loadRelayConfig(sources: RelayConfigSources): LoadedConfig<RelayConfig> {
  const loaded = loadConfig(relaySchema(sources.env), withConventions(sources));
  const sections: Sections = camelKeys(loaded.config);
  const { signer, delegates } = sections;
  const config: RelayConfig = {
    ...sections,
    signer: {
      ...signerConnection(signer),
      grants: addressed(signer.grants, signer.audience),
      passCredentials: signer.passCredentials,
    },
    delegates: {
      ...delegates,
      minBlocksAhead: BigInt(delegates.minBlocksAhead),
      maxBlocksAhead: BigInt(delegates.maxBlocksAhead),
    },
    foreignSuffixes: sections.foreignSuffixes ?? FOREIGN_SUFFIXES[sections.network] ?? [],
    admin: sections.admin === undefined ? undefined : adminConfig(sections.admin),
  };
  return { config, dump: loaded.dump };
}

/** The same for a relay that is started with --lock-only. */
export function loadLockRelayConfig(sources: RelayConfigSources): LoadedConfig<LockRelayConfig> {
  const loaded = loadConfig(lockRelaySchema(sources.env), withConventions(sources));
  const sections: LockSections = camelKeys(loaded.config);
  const { signer, admin } = sections;
  const config: LockRelayConfig = {
    ...sections,
    signer: { ...signerConnection(signer), grants: undefined, passCredentials: false },
    admin: admin === undefined ? undefined : adminConfig(admin),
  };
  return { config, dump: loaded.dump };
}

function withConventions(sources: RelayConfigSources): ConfigSources {
  return {
    ...sources,
    env: Object.fromEntries(Object.entries(sources.env).filter(([name]) => !NO_OVERRIDES.includes(name))),
    envPrefix: "COUNTERSIGN_",
    envAliases: { LEDGER_URL: "ledger.url" },
  };
}

/** The schema lets no section pass without the name that it needs. */
function addressed<Section extends object>(
  section: Section | undefined,
  audience: string | undefined,
): (Section & { readonly audience: string }) | undefined {
  return section === undefined || audience === undefined ? undefined : { ...section, audience };
}

function signerConnection({ url, tls, timeoutMs, signedRequests, audience }: LockSections["signer"]) {
  const address: SignerEndpoint =
    tls === undefined ? { kind: "unix", path: url.slice("unix:".length) } : { kind: "tls", url, tls };
  return { address, timeoutMs, signedRequests: addressed(signedRequests, audience) };
}

function adminConfig({ listen, tls, keys, clients }: NonNullable<Sections["admin"]>): AdminConfig {
  const { unix, host = "127.0.0.1", port = 0 } = listen;
  return {
    listen: unix === undefined ? { kind: "tcp", host, port, tls } : { kind: "unix", path: unix },
    keys,
    clients,
  };
}
