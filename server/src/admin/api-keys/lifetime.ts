import { type Duration, durationMs } from "@bufbuild/protobuf/wkt";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";

const DAY_MS = 24 * 60 * 60 * 1000;
/** What lives longer is meant to live for ever, and says so. */
const MAX_MS = 3653 * DAY_MS;

/** A duration in milliseconds. Throws FIELD_INVALID below `minMs` and above ten years. */
export function boundedMs(field: string, duration: Duration, minMs: number): number {
  const ms = durationMs(duration);
  if (ms >= minMs && ms <= MAX_MS) return ms;
  const least = minMs === 0 ? "must not be negative" : "must be above 0";
  throw new DomainError(ErrorReason.FIELD_INVALID, `${field} ${least} and be at most ten years`);
}
