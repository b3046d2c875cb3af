import { generateKeyPair, SignJWT } from "jose";

/** A token that a stranger signed in the name of `issuer`. Good for five minutes. */
export async function strangersToken(issuer: string): Promise<string> {
  const { privateKey } = await generateKeyPair("ES256");
  return new SignJWT({})
    .setProtectedHeader({ alg: "ES256", kid: "1" })
    .setIssuer(issuer)
    .setAudience("countersign")
    .setSubject("eve")
    .setExpirationTime("5m")
    .sign(privateKey);
}

/** A token that nobody signed ("alg": "none"). */
export function unsignedToken(issuer: string): string {
  const exp = Math.floor(Date.now() / 1000) + 300;
  const parts = [{ alg: "none" }, { iss: issuer, aud: "countersign", sub: "eve", exp }];
  return `${parts.map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".")}.`;
}
