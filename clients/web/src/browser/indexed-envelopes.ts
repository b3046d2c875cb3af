import { type EnvelopeStore, newEnvelopeKey } from "../vault/envelope-store.ts";
import type { SealKey } from "../vault/sealed-presignatures.ts";
import { IndexedDatabase } from "./indexed-database.ts";

const DATABASE = "countersign-locks";
const ENVELOPES = "envelopes";
const KEYS = "keys";
const KEY_NAME = "envelopes";

/**
 * Envelopes in IndexedDB, in a database of their own, beside the key that encrypts them: a CryptoKey, which browsers store
 * without ever giving its bytes.
 */
export function indexedEnvelopes(name: string = DATABASE): EnvelopeStore {
  const database = new IndexedDatabase(name, (created) => {
    created.createObjectStore(ENVELOPES, { keyPath: ["tenant", "rpId", "accountId", "relay"] });
    created.createObjectStore(KEYS);
  });
  return {
    key: () => keyOf(database),
    put: (entry) => database.write(ENVELOPES, (store) => store.put(entry)),
    of: ({ tenant, rpId, accountId }) =>
      database.read(ENVELOPES, (store) => store.getAll(below(tenant, rpId, accountId))),
    forget: ({ tenant, rpId, accountId, relay }) =>
      database.write(ENVELOPES, (store) => store.delete([tenant, rpId, accountId, relay])),
    forgetAll: ({ tenant, rpId }) => database.write(ENVELOPES, (store) => store.delete(below(tenant, rpId))),
  };
}

/** Envelopes of former times, for a wallet without a lock: it deletes them, and makes no database for that. */
export function formerEnvelopes(name: string = DATABASE): Pick<EnvelopeStore, "forgetAll"> {
  return {
    async forgetAll(of) {
      const databases = await indexedDB.databases();
      if (databases.some((one) => one.name === name)) await indexedEnvelopes(name).forgetAll(of);
    },
  };
}

/** The key that is there; a new one where there is none. Of tabs that make one at the same time, one prevails. */
async function keyOf(database: IndexedDatabase): Promise<SealKey> {
  const found: SealKey | undefined = await database.read(KEYS, (store) => store.get(KEY_NAME));
  if (found !== undefined) return found;
  // Before the transaction, which ends when it has nothing to do.
  let key = await newEnvelopeKey();
  await database.write(KEYS, (store) => {
    const request = store.get(KEY_NAME);
    request.addEventListener("success", () => {
      if (request.result === undefined) store.put(key, KEY_NAME);
      else key = request.result;
    });
  });
  return key;
}

/** All keys that begin so: an array stands behind every text. */
function below(...names: readonly string[]): IDBKeyRange {
  return IDBKeyRange.bound(names, [...names, []]);
}
