import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type {
  AuthorizeRequest,
  SigningRequestSchema,
} from "@countersign/gen/countersign/threshold/v1/ed25519_pb.ts";
import type { Authority } from "../../threshold/authorize/authorize.ts";
import type { SigningRequestRecord } from "../../threshold/threshold-store.ts";
import { toAssertion } from "./messages.ts";

/** By what right, from the wire: the same for all schemes. */
export function toAuthority(authority: AuthorizeRequest["authority"] | undefined): Authority {
  if (authority?.case === "sessionToken") return { kind: "session", token: authority.value };
  if (authority?.case === "singleUse") {
    const { nonce, assertion } = authority.value;
    return { kind: "single use", nonce, assertion: toAssertion(assertion) };
  }
  throw new Error("an authority that the contract's rules do not let through");
}

/** The rights to a signature each, as they stand on the wire. */
export function toSigningRequests(
  requests: readonly SigningRequestRecord[],
): MessageInitShape<typeof SigningRequestSchema>[] {
  return requests.map(({ id, digest, expiresAt }) => {
    return { requestId: id, digest, expiresAt: timestampFromDate(expiresAt) };
  });
}
