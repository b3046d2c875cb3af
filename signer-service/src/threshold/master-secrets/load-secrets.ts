import { createHash } from "node:crypto";
import { DomainError } from "@countersign/service-kit";
import type { Backend } from "../../backends/backend.ts";
import { wordsOf } from "../../backends/backend-failure.ts";
import type { BackendConfig } from "../../backends/backends-schema.ts";
import { SECRET_BYTES, secretBytesOf } from "../../sealing/secret-bytes.ts";
import type { MasterSecretSource } from "../threshold-config.ts";
import { readSealedFile, type SealedMasterSecret, sealingContext } from "./sealed-file.ts";
import { isSameName, type SecretName, secretName } from "./secret-name.ts";

/** What came of a source. */
export interface LoadedSecret extends SecretName {
  /** The same for a sealed secret that is configured as before; null for a reference, which is read each time. */
  readonly origin: string | null;
  /** 32 bytes; null while the place that opens it gives no answer. */
  readonly secret: Uint8Array | null;
  /** Empty where nothing is wrong. */
  readonly problem: string;
}

export interface LoadingParts {
  readonly backends: readonly BackendConfig[];
  readonly openBackends: (configs: readonly BackendConfig[]) => Promise<readonly Backend[]>;
  /** A secret that is held already, by its origin: it need not be opened again. */
  readonly held: (origin: string) => Uint8Array | undefined;
}

/**
 * Reads secrets, and has those that are sealed opened: each backend is connected to for that time alone. A backend that
 * is away is no error. Throws an Error that tells the operator what is wrong with a source.
 */
export async function loadSecrets(
  sources: readonly MasterSecretSource[],
  parts: LoadingParts,
): Promise<LoadedSecret[]> {
  const places = new Places(parts);
  try {
    const loaded = await Promise.allSettled(sources.map((source) => loadSecret(source, places, parts)));
    const failure = loaded.find((result) => result.status === "rejected");
    if (failure === undefined) return loaded.flatMap((r) => (r.status === "fulfilled" ? [r.value] : []));
    for (const result of loaded) if (result.status === "fulfilled") wipe(result.value, parts);
    throw failure.reason;
  } finally {
    await places.close();
  }
}

/** Not what was held before: others still use it. */
function wipe({ origin, secret }: LoadedSecret, { held }: LoadingParts): void {
  if (origin === null || held(origin) === undefined) secret?.fill(0);
}

async function loadSecret(
  source: MasterSecretSource,
  places: Places,
  { held }: LoadingParts,
): Promise<LoadedSecret> {
  const { scheme, network, epoch } = source;
  const its = { scheme, network, epoch };
  const name = `master secret ${secretName(source)}`;
  if (source.kind === "reference") {
    const secret = secretBytesOf(source.secret.reveal());
    if (secret === null) throw new Error(`${name} is not 32 bytes`);
    return { ...its, origin: null, secret, problem: "" };
  }
  const file = await readSealedFile(source.file).catch((cause: Error) => {
    throw new Error(`${name}: ${cause.message}`, { cause: cause.cause });
  });
  if (!isSameName(file, source)) {
    throw new Error(`${name}: ${source.file} was sealed for ${secretName(file)}`);
  }
  const { backend, key } = source;
  const origin = originOf(backend, key, file);
  const known = held(origin);
  if (known !== undefined) return { ...its, origin, secret: known, problem: "" };
  try {
    const secret = await places.unseal(backend, key, file);
    if (secret.length !== SECRET_BYTES) throw new Error(`${source.file} holds ${secret.length} bytes`);
    return { ...its, origin, secret, problem: "" };
  } catch (error) {
    const problem = wordsOf(error);
    if (error instanceof DomainError) return { ...its, origin, secret: null, problem };
    throw new Error(`${name}: ${problem}`, { cause: error });
  }
}

function originOf(backend: string, key: string, file: SealedMasterSecret): string {
  const { scheme, network, epoch, sealed } = file;
  const text = JSON.stringify([
    backend,
    key,
    scheme,
    network,
    epoch,
    Buffer.from(sealed).toString("base64url"),
  ]);
  return createHash("sha256").update(text).digest("hex");
}

/** The backends that open secrets, each connected to once. */
class Places {
  readonly #parts: LoadingParts;
  readonly #opened = new Map<string, Promise<Backend>>();

  constructor(parts: LoadingParts) {
    this.#parts = parts;
  }

  async unseal(name: string, key: string, file: SealedMasterSecret): Promise<Uint8Array> {
    let opening = this.#opened.get(name);
    if (opening === undefined) {
      opening = this.#open(name, file.wrappedBy);
      this.#opened.set(name, opening);
    }
    const { sealer } = await opening;
    if (sealer === undefined) throw new Error(`backend ${name} seals nothing`);
    return sealer.unseal(key, file.sealed, sealingContext(file));
  }

  async close(): Promise<void> {
    const opened = await Promise.allSettled(this.#opened.values());
    await Promise.allSettled(opened.map((r) => (r.status === "fulfilled" ? r.value.close() : undefined)));
  }

  async #open(name: string, type: string): Promise<Backend> {
    const config = this.#parts.backends.find((c) => c.name === name);
    if (config === undefined) throw new Error(`there is no backend ${name}`);
    if (config.type !== type)
      throw new Error(`it was sealed by a backend of type ${type}, not ${config.type}`);
    // One secret after another: more sessions than one would be for nothing.
    const [backend] = await this.#parts.openBackends([
      config.type === "pkcs11" ? { ...config, sessions: 1 } : config,
    ]);
    if (backend === undefined) throw new Error(`backend ${name} did not open`);
    return backend;
  }
}
