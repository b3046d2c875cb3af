import type { EcdsaStore } from "./ecdsa/ecdsa-store.ts";
import type { PresignRooms } from "./ecdsa/presign-rooms.ts";
import type { PresignTurns } from "./ecdsa/presign-turns.ts";
import type { PresignWork } from "./ecdsa/presign-work.ts";
import type { ExportRates } from "./export/export-rates.ts";
import type { MasterSecrets } from "./master-secrets/master-secrets.ts";
import type { Random } from "./schemes/scheme-module.ts";
import type { ThresholdConfig } from "./threshold-config.ts";
import type { ThresholdStore } from "./threshold-store.ts";

/** What the threshold capability works with. */
export interface ThresholdParts {
  readonly store: ThresholdStore;
  /** What threshold ECDSA must not forget or do twice. */
  readonly ecdsa: EcdsaStore;
  /** Makes presignatures, says how many may be made at the same time, and has each made one step at a time. */
  readonly presignWork: PresignWork;
  readonly presignRooms: PresignRooms;
  readonly presignTurns: PresignTurns;
  readonly masterSecrets: MasterSecrets;
  /** That which is in effect: nothing of it comes from a relay. Throws THRESHOLD_DISABLED while there is none. */
  readonly config: () => ThresholdConfig;
  readonly exportRates: ExportRates;
  readonly now: () => Date;
  readonly random: Random;
}

/** How long challenges, nonces and signing requests hold, in milliseconds. */
const SHORT_MS = 60_000;

/** When something that begins at `now` is over. */
export function shortlyAfter(now: Date): Date {
  return new Date(now.getTime() + SHORT_MS);
}
