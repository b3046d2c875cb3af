import { z } from "zod";
import { parseNetworks } from "./client-address.ts";

/** A configuration field that lists networks: addresses and CIDR blocks, as `parseNetworks` takes them. */
export const networksField = z.array(z.string()).superRefine((cidrs, context) => {
  for (const [i, cidr] of cidrs.entries()) {
    try {
      parseNetworks([cidr]);
    } catch (error) {
      context.addIssue({ code: "custom", path: [i], message: (error as Error).message });
    }
  }
});
