import type { Secret } from "@countersign/service-kit";
import { z } from "zod";
import { BackendError } from "../backend-failure.ts";

const schema = z.object({
  type: z.literal("service_account"),
  client_email: z.string().min(1),
  private_key: z.string().min(1),
});

/**
 * The parts of a service account's key file that sign requests. Its addresses are left out, so that the file
 * cannot say where tokens are fetched. Throws a BackendError that quotes nothing of it.
 */
export function readServiceAccount(json: Secret<string>): { email: string; key: string } {
  try {
    const { client_email, private_key } = schema.parse(JSON.parse(json.reveal()));
    return { email: client_email, key: private_key };
  } catch {
    throw new BackendError("the credentials of Google Cloud are not the JSON key of a service account");
  }
}
