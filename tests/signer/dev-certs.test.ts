import { execFile } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import tls from "node:tls";
import { promisify } from "node:util";
import { describe, expect, it, onTestFinished } from "vitest";
import { makeDevCerts } from "../../scripts/dev-certs.ts";
import { temporaryDirectory } from "./support/temporary-directory.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
const read = (path: string) => new X509Certificate(readFileSync(path));

/** The client's name as a TLS server with the server's pair sees it; undefined when it refuses. */
async function handshake(
  certs: ReturnType<typeof makeDevCerts>,
  identity: { cert?: string; key?: string },
  host = "localhost",
): Promise<string | undefined> {
  const pem = (path: string) => readFileSync(path, "utf8");
  const server = tls.createServer({
    cert: pem(certs.serverCert),
    key: pem(certs.serverKey),
    ca: pem(certs.ca),
    requestCert: true,
    rejectUnauthorized: true,
    minVersion: "TLSv1.3",
  });
  server.on("tlsClientError", () => undefined);
  server.on("secureConnection", (socket) => socket.end(String(socket.getPeerCertificate().subject.CN)));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const client = tls.connect({ port, host: "127.0.0.1", servername: host, ca: pem(certs.ca), ...identity });
  const chunks: Buffer[] = [];
  client.on("data", (chunk) => chunks.push(chunk));
  // A refusal shows as a reset or as a plain end, depending on who is faster.
  client.on("error", () => undefined);
  await new Promise((resolve) => client.once("close", resolve));
  return Buffer.concat(chunks).toString() || undefined;
}

describe("development certificates", () => {
  it("are a CA, a server for localhost, 127.0.0.1 and signer, and a client named relay", () => {
    const certs = makeDevCerts(temporaryDirectory());
    const [ca, server, client] = [read(certs.ca), read(certs.serverCert), read(certs.clientCert)];
    expect(ca.ca).toBe(true);
    expect(ca.verify(ca.publicKey)).toBe(true);
    for (const leaf of [server, client]) {
      expect(leaf.ca).toBe(false);
      expect(leaf.checkIssued(ca)).toBe(true);
      expect(leaf.verify(ca.publicKey)).toBe(true);
      expect(leaf.publicKey.asymmetricKeyDetails?.namedCurve).toBe("prime256v1");
    }
    expect(server.subjectAltName).toBe("DNS:localhost, IP Address:127.0.0.1, DNS:signer");
    expect(client.subject).toBe("CN=relay");
    expect(client.subjectAltName).toBe("URI:spiffe://countersign.example/relay");
    expect(new Set([ca, server, client].map((c) => c.serialNumber)).size).toBe(3);
  });

  it("are valid for 30 days from the time given, also beyond 2049", () => {
    for (const time of ["2026-11-21T10:00:00Z", "2049-12-20T10:00:00Z"]) {
      const now = new Date(time);
      const server = read(makeDevCerts(temporaryDirectory(), now).serverCert);
      expect(server.validToDate).toEqual(new Date(now.getTime() + 30 * DAY_MS));
      expect(server.validFromDate < now).toBe(true);
    }
  });

  it("have keys of mode 0600 that belong to them, also where older files were open to others", () => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, "server.key"), "old", { mode: 0o644 });
    const certs = makeDevCerts(directory);
    for (const path of [certs.serverKey, certs.clientKey]) expect(statSync(path).mode & 0o777).toBe(0o600);
    for (const [cert, key] of [
      [certs.serverCert, certs.serverKey],
      [certs.clientCert, certs.clientKey],
    ] as const) {
      const secure = () => tls.createSecureContext({ cert: readFileSync(cert), key: readFileSync(key) });
      expect(secure).not.toThrow();
    }
  });

  it("let a client in over mutual TLS 1.3, by each of the server's names", async () => {
    const certs = makeDevCerts(temporaryDirectory());
    const identity = {
      cert: readFileSync(certs.clientCert, "utf8"),
      key: readFileSync(certs.clientKey, "utf8"),
    };
    for (const host of ["localhost", "signer"]) expect(await handshake(certs, identity, host)).toBe("relay");
  });

  it("do not let a server's certificate pass as a client's", async () => {
    const certs = makeDevCerts(temporaryDirectory());
    const identity = {
      cert: readFileSync(certs.serverCert, "utf8"),
      key: readFileSync(certs.serverKey, "utf8"),
    };
    expect(await handshake(certs, identity)).toBeUndefined();
  });

  it("are made by scripts/dev-certs, which prints their paths", async () => {
    const script = join(import.meta.dirname, "../../scripts/dev-certs");
    const directory = join(temporaryDirectory(), "new");
    const { stdout } = await promisify(execFile)(script, [directory]);
    const names = ["ca.pem", "server.pem", "server.key", "client.pem", "client.key"];
    expect(stdout.trim().split("\n")).toEqual(names.map((name) => join(directory, name)));
    await expect(promisify(execFile)(script, [])).rejects.toThrow("usage: scripts/dev-certs DIR");
  });
});
