import { Code, createClient } from "@connectrpc/connect";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { SignerAdminService } from "@countersign/gen/countersign/signer/v1/signer_admin_service_pb.ts";
import { adminSchema } from "@countersign/signer-service/admin/admin-schema.ts";
import { statusCommand } from "@countersign/signer-service/commands/status.ts";
import { listenSchema } from "@countersign/signer-service/listening/listen-schema.ts";
import { expect, it } from "vitest";
import { makeDevCerts } from "../../../scripts/dev-certs.ts";
import { tlsTransport } from "../support/signer-client.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { configuredKey, startAdmin } from "./support/admin-world.ts";
import { failureOf } from "./support/failures.ts";
import { placeOf } from "./support/memory-backend.ts";
import { runCommand } from "./support/run-command.ts";

async function start(...identities: string[]) {
  const certs = makeDevCerts(temporaryDirectory());
  const tls = { caFile: certs.ca, certFile: certs.serverCert, keyFile: certs.serverKey };
  const listen = { kind: "tls", host: "127.0.0.1", port: 0, tls } as const;
  const signer = await startAdmin({
    places: { hsm: placeOf("a") },
    keys: [configuredKey("a")],
    admin: { listen, identities },
  });
  const client = createClient(SignerAdminService, tlsTransport(signer.address, certs));
  return { ...signer, client, certs };
}

it("lets an operator in by certificate over TLS, and names them in the audit", async () => {
  const { client, audited, address, certs } = await start("CN=relay");
  await client.pauseKey({ keyId: "a", reason: "incident" });
  expect((await audited()).at(-1)).toEqual({ kind: "key paused", actor: "CN=relay" });
  const files = ["--ca", certs.ca, "--cert", certs.clientCert, "--key-file", certs.clientKey];
  const status = await runCommand(statusCommand(), "--admin", address, ...files);
  expect(status.stdout).toContain("paused: incident");
});

it("lets nobody else in, with whatever certificate of the same authority", async () => {
  const { client, registry } = await start("CN=somebody-else");
  expect(await failureOf(client.getStatus({}))).toMatchObject({
    code: Code.PermissionDenied,
    reason: ErrorReason.PEER_NOT_ALLOWED,
  });
  expect(await registry.metrics()).toContain('refused_requests_total{reason="PEER_NOT_ALLOWED"} 1');
});

it("is configured with identities exactly where there are certificates", () => {
  const schema = adminSchema(listenSchema);
  const unix = { unix: "/run/signer/admin.sock" };
  const tls = { host: "h", port: 1, tls: { ca_file: "a", cert_file: "b", key_file: "c" } };
  expect(schema.safeParse({ listen: unix }).success).toBe(true);
  expect(schema.safeParse({ listen: tls, identities: ["CN=ops"] }).success).toBe(true);
  expect(schema.safeParse({ listen: unix, identities: ["CN=ops"] }).success).toBe(false);
  expect(schema.safeParse({ listen: tls }).success).toBe(false);
  expect(schema.safeParse({ listen: tls, identities: ["ops"] }).success).toBe(false);
});
