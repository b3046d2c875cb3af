import { createPublicKey } from "node:crypto";
import { z } from "zod";

/** A JSON Web Key Set (RFC 7517, section 5); further members of keys are read by whoever verifies with them. */
const keySet = z.object({
  keys: z
    .array(z.looseObject({ kty: z.string() }))
    .min(1)
    .max(64),
});

/** Members of private keys and of symmetric ones (RFC 7518, sections 6.2.2, 6.3.2 and 6.4.1). */
const SECRET_MEMBERS = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/** What is wrong with a key set's text; undefined when its keys are all public ones that can be used. */
export function keySetProblem(text: string): string | undefined {
  const parsed = keySet.safeParse(jsonOf(text));
  if (!parsed.success) return "jwks_json is not a JSON Web Key Set of 1 to 64 keys";
  for (const [i, jwk] of parsed.data.keys.entries()) {
    // A secret that came this far must be taken for known: that the caller learns of it matters.
    if (jwk.kty === "oct" || SECRET_MEMBERS.some((member) => member in jwk)) {
      return `jwks_json.keys[${i}] holds a private or symmetric key: replace it, it may be known now`;
    }
    if (!isPublicKey(jwk)) return `jwks_json.keys[${i}] is not a public key that can be used`;
  }
  return undefined;
}

function isPublicKey(key: Record<string, unknown>): boolean {
  try {
    return createPublicKey({ key, format: "jwk" }).type === "public";
  } catch {
    return false;
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
