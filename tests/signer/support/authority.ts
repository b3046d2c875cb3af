import { generateKeyPairSync, randomBytes } from "node:crypto";
import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type CertificateContents, makeCertificate } from "../../../scripts/x509.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
const newKeys = () => generateKeyPairSync("ec", { namedCurve: "P-256" });

/** Paths, as the configurations of both sides name them. */
export interface Files {
  caFile: string;
  certFile: string;
  keyFile: string;
}

export interface Wanted {
  name?: string;
  uris?: readonly string[];
  notAfter?: Date;
  /** Makes a server's certificate, for localhost. */
  server?: boolean;
}

/** An authority whose key stays at hand, to issue whatever a test needs. */
export class Authority {
  readonly #keys = newKeys();

  readonly pem = this.#certify("Test CA", { kind: "ca" }, this.#keys.publicKey);

  /** Writes a new pair and the authority's certificate, to where others of that kind are if `over` is given. */
  issue(wanted: Wanted = {}, over?: Files): Files {
    const { name = "relay", uris = [], server = false } = wanted;
    const { publicKey, privateKey } = newKeys();
    const role = server
      ? { kind: "server" as const, names: ["localhost"] }
      : { kind: "client" as const, uris };
    const directory = over === undefined ? temporaryDirectory() : "";
    const files = over ?? {
      caFile: join(directory, "ca.pem"),
      certFile: join(directory, "cert.pem"),
      keyFile: join(directory, "key.pem"),
    };
    replaceFile(files.caFile, this.pem);
    replaceFile(files.keyFile, privateKey.export({ type: "pkcs8", format: "pem" }).toString());
    replaceFile(files.certFile, this.#certify(name, role, publicKey, wanted.notAfter));
    return files;
  }

  #certify(
    subject: string,
    role: CertificateContents["role"],
    publicKey: CertificateContents["publicKey"],
    notAfter = new Date(Date.now() + DAY_MS),
  ): string {
    return makeCertificate({
      serial: randomBytes(16).map((byte, i) => (i === 0 ? (byte & 0x7f) | 0x40 : byte)),
      subject,
      issuer: "Test CA",
      notBefore: new Date(Date.now() - 2 * DAY_MS),
      notAfter,
      role,
      publicKey,
      issuerKeys: this.#keys,
    });
  }
}

/** Whole at once, as whoever rotates certificates does it. */
function replaceFile(path: string, text: string): void {
  writeFileSync(`${path}.new`, text, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}
