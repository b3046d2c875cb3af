import { type Client, createClient } from "@connectrpc/connect";
import { LockService } from "@countersign/gen/countersign/lock/v1/lock_service_pb.ts";
import { type RelayClientOptions, relayTransport } from "../relay-transport.ts";

export type LockClient = Client<typeof LockService>;

/**
 * A relay's locks. It repeats nothing, and says nothing of who calls: neither credentials nor headers go along, since a
 * relay is not to learn who unlocks.
 */
export function lockClient(
  { fetch, format, transport }: Pick<RelayClientOptions, "fetch" | "format" | "transport">,
  baseUrl: string,
): LockClient {
  return createClient(
    LockService,
    relayTransport({
      baseUrl,
      credentials: "omit",
      ...(fetch === undefined ? {} : { fetch }),
      ...(format === undefined ? {} : { format }),
      ...(transport === undefined ? {} : { transport }),
    }),
  );
}
