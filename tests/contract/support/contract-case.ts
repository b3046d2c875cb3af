import type { DescMethod } from "@bufbuild/protobuf";
import type { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import type { Worlds } from "./worlds.ts";

/** One thing that a contract promises of a method: a success, or a reason that it declares. */
export interface ContractCase {
  readonly method: DescMethod;
  readonly outcome: ErrorReason | "success";
  /** What leads there, for the test's name. */
  readonly what: string;
  /** Whether it can only be provoked with a PostgreSQL that is taken away. */
  readonly needsPostgres?: boolean;
  /** Whether it can only be provoked with a Redis that is made silent. */
  readonly needsRedis?: boolean;
  readonly run: (worlds: Worlds) => Promise<void>;
}
