import { parsePublicKey } from "@countersign/near";
import type { Backend } from "../backends/backend.ts";
import { BackendError, wordsOf } from "../backends/backend-failure.ts";
import { withinTime } from "../backends/time-limit.ts";
import { findKeyConflict } from "../relayer-signer/key-conflict.ts";
import type { KeyRecord, KeyState } from "./key-records.ts";
import type { MissingSource } from "./key-set.ts";
import { type KeySource, keySources } from "./key-sources.ts";
import type { ConfiguredKey } from "./keys-schema.ts";
import { awayBackend, type RingKey } from "./ring-key.ts";

/** A place that has not given its keys after this long is away, in milliseconds. */
const LOAD_TIMEOUT_MS = 10_000;

/** What backends gave for a configuration. With problems, it cannot be taken over. */
export interface LoadedKeys {
  readonly keys: readonly { readonly key: RingKey; readonly initialState: KeyState }[];
  /**
   * Keys of places that are away, and retired ones, as the store knows them from before: their public halves can be
   * told. What still names a retired key, a policy or a relay's configuration, keeps nothing from starting.
   */
  readonly away: readonly RingKey[];
  readonly missing: readonly MissingSource[];
  readonly problems: readonly string[];
}

/**
 * Reads the public halves of all keys. A place that gives no answer keeps nobody else from being loaded; a key that its
 * place answers that it cannot be used (BackendError), a key for two networks, and an id or a key that stands twice are problems.
 */
export async function loadKeys(
  backends: readonly Backend[],
  configured: readonly ConfiguredKey[],
  records: readonly KeyRecord[],
): Promise<LoadedKeys> {
  const { sources, problems } = keySources(backends, configured, records);
  const keys: LoadedKeys["keys"][number][] = [];
  const missing: MissingSource[] = [];
  const tried = await Promise.all(sources.map(async (source) => ({ source, ...(await tryLoad(source)) })));
  for (const { source, loaded, problem, isMistake } of tried) {
    for (const key of loaded) keys.push({ key, initialState: source.initialState });
    if (problem === undefined) continue;
    if (isMistake && source.isConfigured) problems.push(`${nameOf(source)}: ${problem}`);
    else missing.push({ source, problem });
  }
  const away = [
    ...missing.flatMap(({ source }) => knownKeys(source, records)),
    ...retiredKeys(backends, configured, records),
  ];
  const conflict = findKeyConflict([...keys.map(({ key }) => key), ...away]);
  if (conflict !== null) problems.push(conflict);
  return { keys, away, missing, problems };
}

/** One more try of a source. Throws an Error that says what is wrong. */
export function loadSource(source: KeySource): Promise<RingKey[]> {
  return withinTime(LOAD_TIMEOUT_MS, undefined, () => source.load());
}

async function tryLoad(source: KeySource) {
  try {
    return { loaded: await loadSource(source), problem: undefined, isMistake: false };
  } catch (error) {
    return { loaded: [], problem: wordsOf(error), isMistake: error instanceof BackendError };
  }
}

/** The keys of a source as the store remembers them. */
function knownKeys({ backend, keyIds }: KeySource, records: readonly KeyRecord[]): RingKey[] {
  const isOfSource = (r: KeyRecord) =>
    r.backend === backend.name && (keyIds.length === 0 ? r.state !== "RETIRED" : keyIds.includes(r.keyId));
  return records.filter(isOfSource).map(fromStore);
}

/** Those that keySources leaves out: nobody opens them any more. */
function retiredKeys(
  backends: readonly Backend[],
  configured: readonly ConfiguredKey[],
  records: readonly KeyRecord[],
): RingKey[] {
  const places = new Set(backends.flatMap((b) => (b.heldKeys === undefined ? [b.name] : [])));
  const listed = new Set(configured.map(({ keyId }) => keyId));
  return records
    .filter((r) => r.state === "RETIRED" && places.has(r.backend) && !listed.has(r.keyId))
    .map((record) => ({ ...fromStore(record), isRetired: true }));
}

function fromStore(record: KeyRecord): RingKey {
  const { keyId, network, accountId, publicKey: text, reference, backend: backendName } = record;
  const publicKey = parsePublicKey(text);
  const backend = awayBackend(backendName, publicKey);
  return { keyId, network, accountId, publicKey, backendName, reference, backend };
}

function nameOf({ backend, keyIds }: KeySource): string {
  return keyIds.length === 0 ? `backend ${backend.name}` : `key ${keyIds.join(", ")} (${backend.name})`;
}
