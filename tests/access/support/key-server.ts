import { once } from "node:events";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, type GenerateKeyPairResult, generateKeyPair, type JWTPayload, SignJWT } from "jose";
import { onTestFinished } from "vitest";
import { after } from "./protection.ts";

/** Keys of a token issuer, with their ids. */
export interface IssuerKey extends GenerateKeyPairResult {
  readonly kid: string;
  readonly alg: string;
}

export async function issuerKey(kid: string, alg = "ES256"): Promise<IssuerKey> {
  return { ...(await generateKeyPair(alg, { extractable: true })), kid, alg };
}

/** The public halves, as a JSON Web Key Set. */
export async function keySet(...keys: IssuerKey[]): Promise<string> {
  const jwks = keys.map(async ({ publicKey, kid, alg }) => ({ ...(await exportJWK(publicKey)), kid, alg }));
  return JSON.stringify({ keys: await Promise.all(jwks) });
}

export const GOOD_CLAIMS: JWTPayload = { iss: "https://id.example", aud: "acme-app", sub: "bob" };

/** A token of 5 minutes, with the claims changed as told; undefined leaves one out. */
export function token(
  { privateKey, kid, alg }: IssuerKey,
  claims: Readonly<Record<string, unknown>> = {},
  header: { alg?: string; kid?: string } = {},
): Promise<string> {
  const exp = after(300).getTime() / 1000;
  return new SignJWT({ ...GOOD_CLAIMS, exp, ...claims })
    .setProtectedHeader({ alg, kid, ...header })
    .sign(privateKey);
}

/** Serves key sets over real HTTP, as the test says, and counts how often it was asked. */
export async function startKeyServer(answer: http.RequestListener) {
  const state = { answer, requests: 0 };
  const server = http.createServer((request, response) => {
    state.requests++;
    state.answer(request, response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`;
  return Object.assign(state, { url });
}
