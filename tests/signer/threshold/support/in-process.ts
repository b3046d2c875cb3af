import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { createClient, createRouterTransport } from "@connectrpc/connect";
import { ThresholdSignerService } from "@countersign/gen/countersign/signer/v1/threshold_signer_service_pb.ts";
import { createLogger, standardInterceptors } from "@countersign/service-kit";
import { thresholdSignerService } from "@countersign/signer-service/rpc/threshold/threshold-signer-service.ts";
import { Seals } from "@countersign/signer-service/sealing/seals.ts";
import { PresignRooms } from "@countersign/signer-service/threshold/ecdsa/presign-rooms.ts";
import { PresignThreads } from "@countersign/signer-service/threshold/ecdsa/presign-threads/presign-threads.ts";
import { PresignTurns } from "@countersign/signer-service/threshold/ecdsa/presign-turns.ts";
import { ExportRates } from "@countersign/signer-service/threshold/export/export-rates.ts";
import { openEcdsaStore } from "@countersign/signer-service/threshold/store/sql-ecdsa-store.ts";
import { openThresholdStore } from "@countersign/signer-service/threshold/store/sql-threshold-store.ts";
import type { ThresholdStore } from "@countersign/signer-service/threshold/threshold-store.ts";
import { onTestFinished } from "vitest";
import { configOf, open } from "../../store/stores.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import { NETWORK, ORIGIN, RP_ID, TENANT, type ThresholdClient } from "./threshold-signer.ts";

const config = {
  sealingKeys: [],
  masterSecrets: [],
  tenants: [
    {
      tenant: TENANT,
      relyingParties: [{ id: RP_ID, origins: [ORIGIN] }],
      export: true,
      evm: { chains: [], messages: false, rawDigests: false },
    },
  ],
  sessions: { defaultLifetimeSeconds: 900, maxLifetimeSeconds: 900, defaultUses: 100, maxUses: 100 },
  presign: {
    ...{ perSession: 100, perUserDay: 100, capacity: 8, refillBelow: 2 },
    ...{ concurrent: 8, concurrentPerTenant: 4, concurrentPerUser: 4 },
  },
  exports: { userPerHour: 1, tenantPerHour: 1 },
};

/**
 * The threshold service in this process, over a real store that a test puts something in front of: for what happens
 * between two of its steps.
 */
export async function inProcess(
  wrap: (store: ThresholdStore) => Partial<ThresholdStore>,
): Promise<ThresholdClient> {
  const { engine } = await open(configOf(`sqlite:${join(temporaryDirectory(), "signer.db")}`));
  const seals = new Seals([randomBytes(32)]);
  const stateOptions = { seals: () => seals, onUnreadable: () => {} };
  const store = openThresholdStore(engine, stateOptions);
  const presignWork = new PresignThreads();
  onTestFinished(() => presignWork.close());
  const secret = new Uint8Array(randomBytes(32));
  const { implementation } = thresholdSignerService({
    parts: {
      store: { ...store, ...wrap(store) },
      ecdsa: openEcdsaStore(engine, stateOptions),
      presignWork,
      presignRooms: new PresignRooms(),
      presignTurns: new PresignTurns(),
      masterSecrets: {
        currentEpoch: (_scheme, network) => (network === NETWORK ? 1 : undefined),
        epochs: () => [1],
        use: (_name, fn) => fn(secret),
      },
      config: () => config,
      exportRates: new ExportRates(() => performance.now()),
      now: () => new Date(),
      random: randomBytes,
    },
    audit: { record: async () => {}, refused: () => {} },
    events: { thresholdAnswered: () => {} },
    now: () => performance.now(),
  });
  const interceptors = standardInterceptors(createLogger("signer", "silent"), new AbortController().signal);
  const transport = createRouterTransport(
    ({ service }) => void service(ThresholdSignerService, implementation),
    { router: { interceptors } },
  );
  return createClient(ThresholdSignerService, transport);
}
