import { readFileSync } from "node:fs";
import https from "node:https";
import type { AddressInfo } from "node:net";
import tls from "node:tls";
import { Discovery } from "@countersign/server/session/oidc/discovery.ts";
import { providerOf } from "@countersign/server/session/oidc/provider.ts";
import { expect, onTestFinished, test } from "vitest";
import { Authority } from "../signer/support/authority.ts";

/** A provider behind TLS whose configuration names these endpoints; `undefined` leaves its own one. */
async function discovered(changes: (issuer: string) => object) {
  const authority = new Authority();
  const { certFile, keyFile } = authority.issue({ server: true });
  const trusted = tls.getCACertificates("default");
  tls.setDefaultCACertificates([...trusted, authority.pem]);
  onTestFinished(() => tls.setDefaultCACertificates(trusted));
  const server = https.createServer(
    { cert: readFileSync(certFile), key: readFileSync(keyFile) },
    (_, response) => {
      const endpoints = {
        authorization_endpoint: `${issuer}/authorize`,
        token_endpoint: `${issuer}/token`,
        jwks_uri: `${issuer}/jwks`,
      };
      response.end(JSON.stringify({ issuer, ...endpoints, ...changes(issuer) }));
    },
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const issuer = `https://localhost:${(server.address() as AddressInfo).port}`;
  const provider = providerOf({ id: "test", issuer, clientId: "wallet", clientSecretName: "" });
  return new Discovery(() => new Date()).of(provider);
}

test("a provider behind TLS is found", async () => {
  const { jwksUri } = await discovered(() => ({}));
  expect(jwksUri).toMatch(/^https:\/\/localhost:\d+\/jwks$/);
});

test.each(["authorization_endpoint", "token_endpoint", "jwks_uri"])(
  "a provider behind TLS sends nobody to plain HTTP on the relay's own machine with %s",
  async (name) => {
    await expect(discovered(() => ({ [name]: "http://127.0.0.1:9090/" }))).rejects.toThrow("configuration");
  },
);
