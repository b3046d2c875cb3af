import { PauseLevel as LevelMessage } from "@countersign/gen/countersign/admin/v1/pause_pb.ts";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { LockService } from "@countersign/gen/countersign/lock/v1/lock_service_pb.ts";
import { RelayService } from "@countersign/gen/countersign/relay/v1/relay_service_pb.ts";
import { SessionService } from "@countersign/gen/countersign/session/v1/session_service_pb.ts";
import { EcdsaSigningService } from "@countersign/gen/countersign/threshold/v1/ecdsa_service_pb.ts";
import { Ed25519SigningService } from "@countersign/gen/countersign/threshold/v1/ed25519_service_pb.ts";
import { ThresholdKeyService } from "@countersign/gen/countersign/threshold/v1/threshold_key_service_pb.ts";
import { formatPublicKey, parsePublicKey } from "@countersign/near";
import { DomainError } from "@countersign/service-kit";
import { isPausable } from "../../access/method-access.ts";
import type { PauseLevel } from "../../ledger/protection-types.ts";
import { ACTION_KINDS } from "../../policy/action-kinds.ts";

/** What is paused, or to be. */
export interface PauseTarget {
  readonly level: PauseLevel;
  readonly target: string;
}

/**
 * GetRelayInfo tells of pauses, RefreshSession keeps sessions going, and RemoveServerLock opens the wallets that are there:
 * none of these is ever paused.
 */
const METHODS: ReadonlySet<string> = new Set(
  [RelayService, ThresholdKeyService, Ed25519SigningService, EcdsaSigningService, SessionService, LockService]
    .flatMap(({ methods }) => methods)
    .filter(isPausable)
    .map(({ name }) => name),
);

/**
 * Reads what a request names. Throws FIELD_INVALID for a target that can be none: a pause of a misspelt method would
 * stop nothing. Whether there is such a tenant is not looked at.
 */
export function pauseTarget(level: LevelMessage, target: string): PauseTarget {
  switch (level) {
    case LevelMessage.RELAY:
      if (target !== "") throw invalid("must be empty for the whole relay");
      return { level: "RELAY", target };
    case LevelMessage.TENANT:
      if (target === "") throw invalid("must be a tenant's id");
      return { level: "TENANT", target };
    case LevelMessage.METHOD:
      if (!METHODS.has(target)) throw invalid(`must be one of ${[...METHODS].join(", ")}`);
      return { level: "METHOD", target };
    case LevelMessage.ACTION_KIND:
      if (!ACTION_KINDS.has(target)) throw invalid(`must be one of ${[...ACTION_KINDS].join(", ")}`);
      return { level: "ACTION_KIND", target };
    case LevelMessage.RELAYER_KEY:
      return { level: "RELAYER_KEY", target: publicKey(target) };
    default:
      throw new DomainError(ErrorReason.FIELD_INVALID, "level must be set");
  }
}

/** Whose audit log records it: the tenant's, or the relay's own (empty). */
export function auditTenantOf({ level, target }: PauseTarget): string {
  return level === "TENANT" ? target : "";
}

/** As the relayer's keys are named elsewhere. */
function publicKey(text: string): string {
  try {
    return formatPublicKey(parsePublicKey(text));
  } catch {
    throw invalid('must be a public key, for example "ed25519:…"');
  }
}

function invalid(problem: string): DomainError {
  return new DomainError(ErrorReason.FIELD_INVALID, `target ${problem}`);
}
