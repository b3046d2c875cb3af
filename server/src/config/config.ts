import { type ConfigSources, loadConfig } from "@countersign/service-kit";
import type { z } from "zod";
import { type CamelKeys, camelKeys } from "./camel-keys.ts";
import { relaySchema } from "./relay-schema.ts";

type Sections = CamelKeys<z.output<ReturnType<typeof relaySchema>>>;

/** Where the signer is: a Unix socket, or TCP with mutual TLS (paths of PEM files). */
export type SignerEndpoint =
  | { readonly kind: "unix"; readonly path: string }
  | {
      readonly kind: "tls";
      readonly url: string;
      readonly tls: { readonly caFile: string; readonly certFile: string; readonly keyFile: string };
    };

/**
 * The relay's configuration, checked whole. Times in milliseconds, sizes in bytes, amounts in yoctoNEAR, gas in
 * gas units. docs/relay.example.yaml explains every key.
 */
export interface RelayConfig extends Omit<Sections, "signer" | "delegates" | "foreignSuffixes"> {
  readonly signer: { readonly address: SignerEndpoint; readonly timeoutMs: number };
  readonly delegates: Omit<Sections["delegates"], "minBlocksAhead" | "maxBlocksAhead"> & {
    readonly minBlocksAhead: bigint;
    readonly maxBlocksAhead: bigint;
  };
  readonly foreignSuffixes: readonly string[];
}

export interface LoadedRelayConfig {
  readonly config: RelayConfig;
  /** The effective configuration as YAML, without secrets. */
  dump(): string;
}

/** Endings of account names that belong to another network; a network that is not listed shares them all. */
const FOREIGN_SUFFIXES: Readonly<Record<string, readonly string[]>> = {
  mainnet: [".testnet"],
  testnet: [".near"],
};

/** Loads the relay's configuration; throws `ConfigError` with all problems at once. */
export function loadRelayConfig(sources: Pick<ConfigSources, "file" | "env" | "flags">): LoadedRelayConfig {
  const loaded = loadConfig(relaySchema(sources.env), {
    ...sources,
    envPrefix: "COUNTERSIGN_",
    envAliases: { LEDGER_URL: "ledger.url" },
  });
  const sections: Sections = camelKeys(loaded.config);
  const { signer, delegates } = sections;
  const config: RelayConfig = {
    ...sections,
    signer: { address: signerEndpoint(signer), timeoutMs: signer.timeoutMs },
    delegates: {
      ...delegates,
      minBlocksAhead: BigInt(delegates.minBlocksAhead),
      maxBlocksAhead: BigInt(delegates.maxBlocksAhead),
    },
    foreignSuffixes: sections.foreignSuffixes ?? FOREIGN_SUFFIXES[sections.network] ?? [],
  };
  return { config, dump: loaded.dump };
}

function signerEndpoint({ url, tls }: Sections["signer"]): SignerEndpoint {
  return tls === undefined ? { kind: "unix", path: url.slice("unix:".length) } : { kind: "tls", url, tls };
}
