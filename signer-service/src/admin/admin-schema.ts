import { z } from "zod";
import { authSchema } from "../access/access-schema.ts";
import type { ListenConfig } from "../listening/listen-schema.ts";

/** As for the relays. */
const { identities } = authSchema({}).shape.mtls.unwrap().shape;

/**
 * The section `admin` of the configuration: where SignerAdminService is served, an address of its own, and with mutual
 * TLS whom it lets in, by certificate. `listen` is the schema of the other address.
 */
export function adminSchema(listen: z.ZodType<ListenConfig>) {
  return z
    .strictObject({
      listen,
      identities: identities.default([]),
    })
    .superRefine(({ listen: { kind }, identities: named }, context) => {
      const refuse = (message: string) => context.addIssue({ code: "custom", path: ["identities"], message });
      if (kind === "tls" && named.length === 0) refuse("with TLS, must name who is let in");
      if (kind === "unix" && named.length > 0) refuse("the socket's mode says who is let in");
    });
}
