import { generateKeyPairSync, verify } from "node:crypto";
import { crc32c } from "@countersign/signer-service/backends/gcp-kms/crc32c.ts";
import type { CloudKey } from "./cloud-keys.ts";
import { type Answer, LocalServer, type ReceivedRequest } from "./local-server.ts";

const RING = "projects/countersign/locations/europe-west3/keyRings/relayer";
const SCOPE = "https://www.googleapis.com/auth/cloudkms";
/** Values of CryptoKeyVersionAlgorithm and CryptoKeyVersionState: the SDK asks for numbers. */
const ALGORITHMS = { ed25519: 40, secp256k1: 31, p256: 12 };
export const GCP_STATES = { ENABLED: 1, DISABLED: 2, DESTROYED: 3 };

interface GcpKey {
  readonly name: string;
  readonly key: CloudKey;
  state: number;
}

/** GetCryptoKeyVersion, GetPublicKey and AsymmetricSign of Cloud KMS over REST, for one service account. */
export class FakeGcpKms {
  readonly #account = generateKeyPairSync("rsa", { modulusLength: 2048 });
  readonly #keys: GcpKey[] = [];
  #server: LocalServer | undefined;

  static async start(): Promise<FakeGcpKms> {
    const kms = new FakeGcpKms();
    kms.#server = await LocalServer.start((request) => kms.#answer(request));
    return kms;
  }

  get server(): LocalServer {
    if (this.#server === undefined) throw new Error("not started");
    return this.#server;
  }

  /** The JSON key of the service account; the token service that it names must not be used. */
  get credentials(): string {
    return JSON.stringify({
      type: "service_account",
      client_email: "signer@countersign.iam.gserviceaccount.com",
      private_key: this.#account.privateKey.export({ format: "pem", type: "pkcs8" }),
      token_uri: `${this.server.origin}/token`,
    });
  }

  add(key: CloudKey): GcpKey {
    const name = `${RING}/cryptoKeys/relayer-${this.#keys.length + 1}/cryptoKeyVersions/1`;
    const added = { name, key, state: GCP_STATES.ENABLED };
    this.#keys.push(added);
    return added;
  }

  #answer(request: ReceivedRequest): Answer {
    if (!this.#isAuthorized(request)) return gcpError(401, "UNAUTHENTICATED", "invalid credentials");
    const [path = ""] = request.target.split("?");
    const [, name = "", action = ""] = /^\/v1\/(.+?)(\/publicKey|:asymmetricSign)?$/.exec(path) ?? [];
    const held = this.#keys.find((key) => key.name === name);
    if (held === undefined) return gcpError(404, "NOT_FOUND", `${name} not found`);
    const algorithm = ALGORITHMS[held.key.type];
    switch (`${request.method} ${action}`) {
      case "GET ":
        return json({ name, state: held.state, algorithm, protectionLevel: 2 });
      case "GET /publicKey": {
        const pem = held.key.publicKey.export({ format: "pem", type: "spki" }).toString();
        return json({ name, algorithm, pem, pemCrc32c: `${crc32c(Buffer.from(pem))}` });
      }
      case "POST :asymmetricSign":
        if (held.state === GCP_STATES.ENABLED) return sign(held, JSON.parse(request.body.toString()));
        return gcpError(400, "FAILED_PRECONDITION", `${name} is not enabled`);
      default:
        return gcpError(404, "NOT_FOUND", "no such method");
    }
  }

  /** A JWT that the account has signed itself, for the scope that is needed (Google's AIP-4111). */
  #isAuthorized({ headers }: ReceivedRequest): boolean {
    const [header = "", payload = "", signature = ""] = (headers.authorization ?? "")
      .replace("Bearer ", "")
      .split(".");
    const signed = Buffer.from(`${header}.${payload}`);
    if (!verify("sha256", signed, this.#account.publicKey, Buffer.from(signature, "base64url"))) return false;
    return JSON.parse(Buffer.from(payload, "base64url").toString()).scope === SCOPE;
  }
}

interface SignRequest {
  readonly data?: string;
  readonly dataCrc32c?: string;
  readonly digest?: { readonly sha256?: string };
  readonly digestCrc32c?: string;
}

function sign({ name, key }: GcpKey, request: SignRequest): Answer {
  const given = key.type === "ed25519" ? request.data : request.digest?.sha256;
  if (given === undefined)
    return gcpError(400, "INVALID_ARGUMENT", "neither data nor the digest of the algorithm");
  const message = Buffer.from(given, "base64");
  const checksum = String(crc32c(message));
  const signature = key.sign(message);
  return json({
    name,
    signature: signature.toString("base64"),
    signatureCrc32c: `${crc32c(signature)}`,
    verifiedDataCrc32c: request.dataCrc32c === checksum,
    verifiedDigestCrc32c: request.digestCrc32c === checksum,
  });
}

export function gcpError(code: number, status: string, message: string): Answer {
  return json({ error: { code, message, status } }, code);
}

function json(value: object, status = 200): Answer {
  return {
    status,
    headers: { "content-type": "application/json; charset=UTF-8" },
    body: JSON.stringify(value),
  };
}
