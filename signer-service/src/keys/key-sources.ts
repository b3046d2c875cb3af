import type { Backend } from "../backends/backend.ts";
import type { HeldKey } from "../relayer-signer/key-backend.ts";
import type { KeyRecord, KeyState } from "./key-records.ts";
import type { ConfiguredKey } from "./keys-schema.ts";
import type { RingKey } from "./ring-key.ts";

/** Where keys come from, tried as a whole: one key, or all those that a place knows the names of. */
export interface KeySource {
  readonly backend: Backend;
  /** Empty where only the place itself knows. */
  readonly keyIds: readonly string[];
  /** Where the life of a key begins that the store does not know. */
  readonly initialState: KeyState;
  /** Whether somebody wrote it down: when the place is well, a key that is not there is a mistake to be told. */
  readonly isConfigured: boolean;
  load(): Promise<RingKey[]>;
}

/**
 * The sources of a configuration's keys, and of those that were made while the signer ran: the store has them with their
 * backend and reference, and no configuration lists them. They are opened until they are retired.
 */
export function keySources(
  backends: readonly Backend[],
  configured: readonly ConfiguredKey[],
  records: readonly KeyRecord[],
): { sources: KeySource[]; problems: string[] } {
  const byName = new Map(backends.map((b) => [b.name, b]));
  const sources = backends.flatMap((backend) => wholePlace(backend) ?? []);
  const problems: string[] = [];
  for (const { keyId, backend: name, reference, network, accountId, initialState } of configured) {
    const backend = byName.get(name);
    if (backend === undefined) problems.push(`key ${keyId}: there is no backend ${name}`);
    else sources.push(oneKey(backend, { keyId, network, accountId }, reference, initialState, true));
  }
  const listed = new Set(configured.map((k) => k.keyId));
  for (const record of records) {
    const { keyId, network, accountId, reference, state } = record;
    const backend = byName.get(record.backend);
    // A place that lists its keys itself lists these too.
    if (backend === undefined || backend.heldKeys !== undefined) continue;
    if (listed.has(keyId) || state === "RETIRED") continue;
    sources.push(oneKey(backend, { keyId, network, accountId }, reference, state, false));
  }
  return { sources, problems };
}

function wholePlace(backend: Backend): KeySource | undefined {
  const heldKeys = backend.heldKeys?.bind(backend);
  if (heldKeys === undefined) return undefined;
  // Such a place finds its keys by the signer's own id.
  const load = async () =>
    Promise.all((await heldKeys()).map((held) => withPublicKey(backend, held, held.keyId)));
  return { backend, keyIds: [], initialState: "ACTIVE", isConfigured: true, load };
}

function oneKey(
  backend: Backend,
  names: Omit<HeldKey, "backend">,
  reference: string,
  initialState: KeyState,
  isConfigured: boolean,
): KeySource {
  const load = async () => {
    const key = await backend.open(reference);
    return [await withPublicKey(backend, { ...names, backend: key }, reference)];
  };
  return { backend, keyIds: [names.keyId], initialState, isConfigured, load };
}

async function withPublicKey(backend: Backend, held: HeldKey, reference: string): Promise<RingKey> {
  return { ...held, publicKey: await held.backend.publicKey(), backendName: backend.name, reference };
}
