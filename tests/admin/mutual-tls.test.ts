import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { PauseLevel } from "@countersign/gen/countersign/admin/v1/pause_pb.ts";
import { PauseService } from "@countersign/gen/countersign/admin/v1/pause_service_pb.ts";
import { TenantService } from "@countersign/gen/countersign/admin/v1/tenant_service_pb.ts";
import type { AdminConfig } from "@countersign/server/config/config.ts";
import { expect, onTestFinished, test } from "vitest";
import { type DevCerts, makeDevCerts } from "../../scripts/dev-certs.ts";
import { type AdminWorld, KEYS, SECRETS, startAdmin } from "./admin-world.ts";
import { reasonFor } from "./refused.ts";

function certificates(): DevCerts {
  const folder = mkdtempSync(join(tmpdir(), "admin-tls-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return makeDevCerts(folder);
}

async function serve(certs: DevCerts, operators: Pick<AdminConfig, "keys" | "clients">, mutual: boolean) {
  const tls = {
    certFile: certs.serverCert,
    keyFile: certs.serverKey,
    clientCaFile: mutual ? certs.ca : undefined,
  };
  const world = await startAdmin({
    admin: { listen: { kind: "tcp", host: "localhost", port: 0, tls }, ...operators },
  });
  onTestFinished(() => world.stop());
  return world;
}

/** A caller that trusts `certs`' authority and shows a certificate of `shown`. */
function transport(world: AdminWorld, certs: DevCerts, shown?: DevCerts, secret?: string) {
  return createGrpcTransport({
    baseUrl: world.url,
    nodeOptions: {
      ca: readFileSync(certs.ca),
      ...(shown === undefined
        ? {}
        : { cert: readFileSync(shown.clientCert), key: readFileSync(shown.clientKey) }),
    },
    interceptors: [
      (next) => (request) => {
        if (secret !== undefined) request.header.set("x-api-key", secret);
        return next(request);
      },
    ],
  });
}

/** The name in the certificates of `makeDevCerts`. */
const NAME = "relay";

test("a certificate's name alone gives its role, and is the author", async () => {
  const certs = certificates();
  const world = await serve(certs, { keys: [], clients: [{ name: NAME, role: "operator" }] }, true);
  const caller = transport(world, certs, certs);
  const pause = { level: PauseLevel.RELAY, reason: "test" };
  const answer = await createClient(PauseService, caller).pause(pause);
  expect(answer.pause?.author).toBe("admin:relay");
  expect(await reasonFor(createClient(TenantService, caller).createTenant({ tenant: "acme" }))).toBe(
    "SCOPE_MISSING",
  );
});

test("who has no certificate, or one of another authority, does not get as far as a call", async () => {
  const certs = certificates();
  const world = await serve(certs, { keys: KEYS, clients: [{ name: NAME, role: "admin" }] }, true);
  for (const shown of [undefined, certificates()]) {
    const client = createClient(TenantService, transport(world, certs, shown, SECRETS.admin));
    expect(await reasonFor(client.listTenants({}))).toBe("NONE");
  }
  expect(world.refusals).toEqual([]);
});

test("a name that is not listed is not let in", async () => {
  const certs = certificates();
  const world = await serve(certs, { keys: [], clients: [{ name: "alice", role: "admin" }] }, true);
  const client = createClient(TenantService, transport(world, certs, certs));
  expect(await reasonFor(client.listTenants({}))).toBe("CREDENTIALS_INVALID");
});

test("with keys and an authority, a certificate that is not listed needs a key as well", async () => {
  const certs = certificates();
  const world = await serve(certs, { keys: KEYS, clients: [] }, true);
  const listTenants = (secret?: string) =>
    createClient(TenantService, transport(world, certs, certs, secret)).listTenants({});
  expect(await reasonFor(listTenants())).toBe("CREDENTIALS_MISSING");
  expect(await reasonFor(listTenants("wrong"))).toBe("CREDENTIALS_INVALID");
  expect((await listTenants(SECRETS.viewer)).tenants).toEqual([]);
});

test("TLS without an authority asks for keys alone", async () => {
  const certs = certificates();
  const world = await serve(certs, { keys: KEYS, clients: [] }, false);
  const listTenants = (secret?: string) =>
    createClient(TenantService, transport(world, certs, undefined, secret)).listTenants({});
  expect(await reasonFor(listTenants())).toBe("CREDENTIALS_MISSING");
  expect((await listTenants(SECRETS.viewer)).tenants).toEqual([]);
});

test("files that are missing keep the port from being served", async () => {
  const certs = certificates();
  rmSync(certs.serverCert);
  await expect(serve(certs, { keys: KEYS, clients: [] }, false)).rejects.toThrow("cannot be read (ENOENT)");
});
