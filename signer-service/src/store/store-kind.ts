import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";
import type { StoreKind } from "@countersign/sql";
import { signerMigrations } from "./migrations.ts";
import type { SignerSchema } from "./schema.ts";

/** The signer's store, as a store of tables. */
export const SIGNER_STORE: StoreKind<SignerSchema> = {
  name: "signer's store",
  applicationName: "countersign-signer",
  migrations: signerMigrations,
  unavailable: (message, options) => storeUnavailable(new Error(message, options)),
  locked: (path) =>
    new Error(
      `the signer's store ${path} is open in another process: a SQLite store belongs to one signer at a time; ` +
        "stop the other one, give this one its own store.url, or use PostgreSQL",
    ),
};

/** SIGNER_STORE_UNAVAILABLE: whether what was asked of the store happened is unknown, and asking again is safe. */
export function storeUnavailable(cause: unknown): DomainError {
  return new DomainError(ErrorReason.SIGNER_STORE_UNAVAILABLE, "the signer's store gave no answer", {
    cause,
  });
}
