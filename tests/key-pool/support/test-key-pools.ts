import { openKeyPools } from "@countersign/server/key-pool/open-key-pools.ts";
import type { Ledger } from "@countersign/server/ledger/ledger.ts";
import { ChainError } from "@countersign/server/near/chain-error.ts";
import { NearViews } from "@countersign/server/near/views.ts";
import { createEvents } from "@countersign/server/observability/events.ts";
import { createMetrics, createProcessRegistry } from "@countersign/server/observability/metrics.ts";
import { createLogger } from "@countersign/service-kit";
import { NETWORK } from "../../ledger/builders.ts";
import { ACCOUNT, PoolWorld } from "./pool-world.ts";

const PREFIX = "pool-";

/** A relay's pools of keys over a signer and a chain in memory. The account `bare.testnet` has no pool. */
export function testKeyPools(ledger: Ledger, world = new PoolWorld()) {
  const registry = createProcessRegistry();
  const lines: string[] = [];
  const log = createLogger("relay", "debug", { write: (line) => void lines.push(line) });
  const pools = openKeyPools({
    config: {
      network: NETWORK,
      relayers: [
        {
          accountId: ACCOUNT,
          keyIds: ["first"],
          pool: { keyIdPrefix: PREFIX, growAfterMs: 10_000, shrinkAfterMs: 900_000 },
        },
        { accountId: "bare.testnet", keyIds: ["bare"] },
      ],
      lanes: { window: 16, leaseMs: 5_000 },
    },
    ledger,
    signer: world,
    listKeys: world.listKeys,
    changes: world,
    chain: { views: new WorldViews(world), endpointCount: 1 },
    lanes: {
      reports: () => [{ accountId: ACCOUNT, keyId: "first", state: "active", window: 16, inWindow: 0 }],
      refresh: async () => undefined,
    },
    head: { get: async () => undefined },
    balance: { state: "OPEN" },
    directory: { pauses: [] },
    events: createEvents(log, createMetrics(registry)),
    now: () => new Date(),
  });
  return { ...pools, world, registry, lines };
}

/** The one endpoint of a chain in memory. */
class WorldViews extends NearViews {
  readonly #world: PoolWorld;

  constructor(world: PoolWorld) {
    super(undefined as never);
    this.#world = world;
  }

  override async status() {
    return { chainId: NETWORK, syncing: false, earliestHeight: undefined };
  }

  override async accessKey(_: string, publicKey: string) {
    const nonce = this.#world.onChain.get(publicKey);
    if (nonce === undefined) throw new ChainError("unknown-access-key", "access key does not exist");
    return { nonce, permission: { kind: "FullAccess" as const }, blockHeight: 10n };
  }
}
