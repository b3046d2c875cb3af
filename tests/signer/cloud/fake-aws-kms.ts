import { createCipheriv, createDecipheriv, randomBytes, randomUUID } from "node:crypto";
import { type AwsAccessKey, hasAwsSignature } from "./aws-request-signature.ts";
import { type CloudKey, spkiOf } from "./cloud-keys.ts";
import { type Answer, LocalServer, type ReceivedRequest } from "./local-server.ts";

export const AWS_REGION = "eu-central-1";

interface AwsKey {
  readonly arn: string;
  readonly key: CloudKey;
  state: string;
  usage: string;
}

const SPECS = { ed25519: "ECC_NIST_EDWARDS25519", secp256k1: "ECC_SECG_P256K1", p256: "ECC_NIST_P256" };

/** A key of usage ENCRYPT_DECRYPT. */
interface SymmetricKey {
  readonly arn: string;
  readonly secret: Buffer;
}

interface SealingInput {
  readonly Plaintext?: string;
  readonly CiphertextBlob?: string;
  readonly EncryptionContext?: Record<string, string>;
}

/** DescribeKey, GetPublicKey, Sign, Encrypt and Decrypt of AWS KMS over its wire protocol (AWS JSON 1.1), for one access key. */
export class FakeAwsKms {
  readonly accessKey: AwsAccessKey = {
    id: "AKIDEXAMPLE",
    secret: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
  };
  readonly aliases = new Map<string, string>();
  readonly #keys: AwsKey[] = [];
  readonly #symmetric: SymmetricKey[] = [];
  #server: LocalServer | undefined;

  static async start(): Promise<FakeAwsKms> {
    const kms = new FakeAwsKms();
    kms.#server = await LocalServer.start((request) => kms.#answer(request));
    return kms;
  }

  get server(): LocalServer {
    if (this.#server === undefined) throw new Error("not started");
    return this.#server;
  }

  add(key: CloudKey, alias?: string): AwsKey {
    const arn = `arn:aws:kms:${AWS_REGION}:111122223333:key/${randomUUID()}`;
    const added = { arn, key, state: "Enabled", usage: "SIGN_VERIFY" };
    this.#keys.push(added);
    if (alias !== undefined) this.aliases.set(alias, arn);
    return added;
  }

  /** Gives its ARN. */
  addSymmetric(): string {
    const arn = `arn:aws:kms:${AWS_REGION}:111122223333:key/${randomUUID()}`;
    this.#symmetric.push({ arn, secret: randomBytes(32) });
    return arn;
  }

  #answer(request: ReceivedRequest): Answer {
    if (!hasAwsSignature(request, this.accessKey, AWS_REGION)) {
      return awsError("InvalidSignatureException", "The request signature we calculated does not match");
    }
    if (request.method !== "POST" || request.headers["content-type"] !== "application/x-amz-json-1.1") {
      return awsError("SerializationException", "not AWS JSON 1.1");
    }
    const input = JSON.parse(request.body.toString()) as Record<string, string>;
    const symmetric = this.#symmetric.find(({ arn }) => arn === input.KeyId);
    if (symmetric !== undefined) {
      const seals = request.headers["x-amz-target"] === "TrentService.Encrypt";
      return (seals ? encrypt : decrypt)(symmetric, input as SealingInput);
    }
    const held = this.#find(input.KeyId ?? "");
    if (held === undefined) return awsError("NotFoundException", `Key '${input.KeyId}' does not exist`);
    const { arn, key, state, usage } = held;
    const facts = { KeySpec: SPECS[key.type], KeyUsage: usage };
    switch (request.headers["x-amz-target"]) {
      case "TrentService.DescribeKey":
        return json({
          KeyMetadata: {
            ...facts,
            Arn: arn,
            KeyId: arn.split("/")[1],
            KeyState: state,
            Enabled: state === "Enabled",
          },
        });
      case "TrentService.GetPublicKey":
        return json({ ...facts, KeyId: arn, PublicKey: spkiOf(key).toString("base64") });
      case "TrentService.Sign":
        return state === "Enabled" ? sign(held, input) : awsError("DisabledException", `${arn} is disabled.`);
      default:
        return awsError("UnknownOperationException", "");
    }
  }

  #find(id: string): AwsKey | undefined {
    const arn = this.aliases.get(id) ?? id;
    return this.#keys.find((key) => key.arn === arn || key.arn.endsWith(`/${arn}`));
  }
}

/** The pairs of algorithm and message type that the Sign action's description allows for these keys. */
const SIGNING = {
  ed25519: "ED25519_SHA_512 RAW",
  secp256k1: "ECDSA_SHA_256 DIGEST",
  p256: "ECDSA_SHA_256 DIGEST",
};

function sign({ arn, key }: AwsKey, input: Record<string, string>): Answer {
  if (`${input.SigningAlgorithm} ${input.MessageType}` !== SIGNING[key.type]) {
    return awsError("InvalidKeyUsageException", "the algorithm is not one of the key");
  }
  const signature = key.sign(Buffer.from(input.Message ?? "", "base64")).toString("base64");
  return json({ KeyId: arn, Signature: signature, SigningAlgorithm: input.SigningAlgorithm });
}

function contextOf({ EncryptionContext = {} }: SealingInput): Buffer {
  return Buffer.from(JSON.stringify(Object.entries(EncryptionContext).sort()));
}

function encrypt({ arn, secret }: SymmetricKey, input: SealingInput): Answer {
  const iv = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", secret, iv).setAAD(contextOf(input));
  const parts = [iv, cipher.update(input.Plaintext ?? "", "base64"), cipher.final(), cipher.getAuthTag()];
  return json({ KeyId: arn, CiphertextBlob: Buffer.concat(parts).toString("base64") });
}

/** "The request was rejected because the specified ciphertext, or additional authenticated data …, is corrupted". */
function decrypt({ arn, secret }: SymmetricKey, input: SealingInput): Answer {
  const blob = Buffer.from(input.CiphertextBlob ?? "", "base64");
  const decipher = createDecipheriv("aes-256-gcm", secret, blob.subarray(0, 12)).setAAD(contextOf(input));
  decipher.setAuthTag(blob.subarray(-16));
  const plaintext = decipher.update(blob.subarray(12, -16));
  try {
    decipher.final();
  } catch {
    return awsError("InvalidCiphertextException", "");
  }
  return json({ KeyId: arn, Plaintext: plaintext.toString("base64") });
}

export function awsError(type: string, message: string, status = 400): Answer {
  return json({ __type: type, message }, status);
}

function json(value: object, status = 200): Answer {
  const headers = { "content-type": "application/x-amz-json-1.1", "x-amzn-requestid": randomUUID() };
  return { status, headers, body: JSON.stringify(value) };
}
