import * as z from "zod";
import { invalidResponse } from "./credential-json.ts";

/** What of the CollectedClientData (WebAuthn Level 3, section 5.8.1) the relay looks at itself. */
const clientData = z.object({
  origin: z.string().max(512),
  topOrigin: z.string().max(512).optional(),
});

export interface ExpectedOrigin {
  /** Of the relying party. */
  readonly origins: readonly string[];
  /** Of the page that calls; null for a caller that names none. */
  readonly callOrigin: string | null;
}

/**
 * The client data's own words, for the library's checks, once its origin is one of the relying party's and the calling
 * page's. Throws WEBAUTHN_RESPONSE_INVALID.
 */
export function checkedClientData(
  clientDataJson: string,
  { origins, callOrigin }: ExpectedOrigin,
): { readonly origin: string; readonly topOrigin: string | undefined } {
  const result = clientData.safeParse(jsonOf(clientDataJson));
  if (!result.success) throw invalidResponse("the client data cannot be read");
  const { origin, topOrigin } = result.data;
  if (!origins.includes(origin)) {
    throw invalidResponse("the passkey answered on an origin that is none of the relying party's");
  }
  if (callOrigin !== null && callOrigin !== origin) {
    throw invalidResponse("the passkey answered on another origin than the calling page's");
  }
  return { origin, topOrigin };
}

function jsonOf(base64url: string): unknown {
  try {
    return JSON.parse(Buffer.from(base64url, "base64url").toString("utf8"));
  } catch {
    return undefined;
  }
}
