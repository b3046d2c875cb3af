import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { type Client, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { SignerAdminService } from "@countersign/gen/countersign/signer/v1/signer_admin_service_pb.ts";
import type { Command } from "commander";

/** How every command over SignerAdminService is told where the signer is and who calls. */
export interface AdminOptions {
  admin: string;
  ca?: string;
  cert?: string;
  keyFile?: string;
  json?: true;
}

/** Longest that a call may take, in milliseconds: an HSM may take its time to make a key. */
const TIMEOUT_MS = 120_000;
/** Largest answer, in bytes. */
const READ_MAX_BYTES = 16 * 1024 * 1024;

export function withAdminOptions(command: Command): Command {
  return command
    .requiredOption("--admin <address>", "the signer's admin address: unix:/path or https://host:port")
    .option("--ca <file>", "authority of the signer's certificate (PEM)")
    .option("--cert <file>", "certificate of the caller (PEM)")
    .option("--key-file <file>", "private key of the caller's certificate (PEM)")
    .option("--json", "print JSON");
}

/** A client of the signer's admin service. Throws an Error when the options do not say where it is. */
export function adminClient({ admin, ca, cert, keyFile }: AdminOptions): Client<typeof SignerAdminService> {
  const common = { readMaxBytes: READ_MAX_BYTES, defaultTimeoutMs: TIMEOUT_MS };
  if (admin.startsWith("unix:/")) {
    const path = admin.slice("unix:".length);
    const nodeOptions = { createConnection: () => connect(path) };
    const transport = createGrpcTransport({ ...common, baseUrl: "http://admin", nodeOptions });
    return createClient(SignerAdminService, transport);
  }
  if (URL.parse(admin)?.protocol !== "https:")
    throw new Error("--admin must be unix:/path or https://host:port");
  if (ca === undefined || cert === undefined || keyFile === undefined) {
    throw new Error("--ca, --cert and --key-file are needed: the signer's address takes mutual TLS alone");
  }
  const nodeOptions = { ca: readFileSync(ca), cert: readFileSync(cert), key: readFileSync(keyFile) };
  return createClient(SignerAdminService, createGrpcTransport({ ...common, baseUrl: admin, nodeOptions }));
}
