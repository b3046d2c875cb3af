// Makes certificates for development: scripts/dev-certs DIR. Not for a network that matters: the CA's key is
// thrown away after use, so that nothing can be added, and everything expires after 30 days.
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type CertificateContents, makeCertificate } from "./x509.ts";

const VALIDITY_DAYS = 30;
const DAY_MS = 24 * 60 * 60 * 1000;
/** Clocks of containers and laptops differ by a little. */
const BACKDATE_MS = 60 * 60 * 1000;
const CA_NAME = "Countersign development CA";
const SERVER_NAMES = ["localhost", "127.0.0.1", "signer"];
const CLIENT_URIS = ["spiffe://countersign.example/relay"];

/** Paths of what `makeDevCerts` wrote. */
export interface DevCerts {
  ca: string;
  serverCert: string;
  serverKey: string;
  clientCert: string;
  clientKey: string;
}

/**
 * Writes a CA certificate, a server's pair (localhost, 127.0.0.1, signer) and a client's pair (CN "relay",
 * spiffe://countersign.example/relay) to `directory`, which is made if need be: EC P-256, valid for 30 days, keys with
 * mode 0600. Replaces older ones.
 */
export function makeDevCerts(directory: string, now: Date = new Date()): DevCerts {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const ca = newKeys();
  const certify = (subject: string, role: CertificateContents["role"], publicKey = ca.publicKey) =>
    makeCertificate({
      // 16 random bytes below 2^127: unique and positive.
      serial: randomBytes(16).map((byte, i) => (i === 0 ? (byte & 0x7f) | 0x40 : byte)),
      subject,
      issuer: CA_NAME,
      notBefore: new Date(now.getTime() - BACKDATE_MS),
      notAfter: new Date(now.getTime() + VALIDITY_DAYS * DAY_MS),
      role,
      publicKey,
      issuerKeys: ca,
    });
  const write = (file: string, text: string, mode = 0o644) => {
    const path = join(directory, file);
    // A file that is there would keep its mode.
    rmSync(path, { force: true });
    writeFileSync(path, text, { mode });
    return path;
  };
  const server = newKeys();
  const client = newKeys();
  const pem = { type: "pkcs8", format: "pem" } as const;
  return {
    ca: write("ca.pem", certify(CA_NAME, { kind: "ca" })),
    serverCert: write(
      "server.pem",
      certify("signer", { kind: "server", names: SERVER_NAMES }, server.publicKey),
    ),
    serverKey: write("server.key", server.privateKey.export(pem).toString(), 0o600),
    clientCert: write(
      "client.pem",
      certify("relay", { kind: "client", uris: CLIENT_URIS }, client.publicKey),
    ),
    clientKey: write("client.key", client.privateKey.export(pem).toString(), 0o600),
  };
}

const newKeys = () => generateKeyPairSync("ec", { namedCurve: "P-256" });

if (import.meta.main) {
  const directory = process.argv[2];
  if (directory === undefined || directory.startsWith("-") || process.argv.length > 3) {
    process.stderr.write("usage: scripts/dev-certs DIR\n");
    process.exit(1);
  }
  for (const path of Object.values(makeDevCerts(directory))) process.stdout.write(`${path}\n`);
}
