import type { PresignatureStore, SealedPresignature } from "../vault/presignature-store.ts";

const DATABASE = "countersign";
const STORE = "presignatures";
/** The browser's answer to a change only counts when it is on the disk. */
const DURABLE = { durability: "strict" } as const;

/**
 * Presignatures in IndexedDB, which all tabs of an origin share. It is opened with the first call. `take` is one
 * transaction, and those that write run one after another, over all tabs.
 */
export function indexedPresignatures(name: string = DATABASE): PresignatureStore {
  let opening: Promise<IDBDatabase> | undefined;
  const open = () => {
    opening ??= opened(name, () => {
      opening = undefined;
    });
    return opening;
  };
  return {
    put: async (entry) => inWriting(await open(), (store) => store.put(entry)),
    take: async (keyId) => taken(await open(), keyId),
    async ids(keyId) {
      const store = (await open()).transaction(STORE).objectStore(STORE);
      const names = await result(store.getAllKeys(allOf(keyId)));
      return names.map((name) => String((name as IDBValidKey[])[1]));
    },
    forget: async (keyId, ids) =>
      inWriting(await open(), (store) => {
        for (const id of ids) store.delete([keyId, id]);
      }),
  };
}

async function taken(database: IDBDatabase, keyId: string): Promise<SealedPresignature | undefined> {
  let entry: SealedPresignature | undefined;
  await inWriting(database, (store) => {
    const request = store.openCursor(allOf(keyId));
    request.addEventListener("success", () => {
      const cursor = request.result;
      if (cursor === null) return;
      entry = cursor.value;
      cursor.delete();
    });
  });
  return entry;
}

/** Ids are base64url, so they stand before "~". */
function allOf(keyId: string): IDBKeyRange {
  return IDBKeyRange.bound([keyId], [keyId, "~"]);
}

/** Resolves once the transaction is complete, and not when its requests are. */
function inWriting(database: IDBDatabase, act: (store: IDBObjectStore) => void): Promise<void> {
  const transaction = database.transaction(STORE, "readwrite", DURABLE);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  transaction.addEventListener("complete", () => resolve());
  transaction.addEventListener("abort", () => reject(transaction.error));
  act(transaction.objectStore(STORE));
  return promise;
}

/** `closed` is called when another tab or the browser takes the connection away: the next call opens a new one. */
async function opened(name: string, closed: () => void): Promise<IDBDatabase> {
  const request = indexedDB.open(name, 1);
  request.addEventListener("upgradeneeded", () => {
    request.result.createObjectStore(STORE, { keyPath: ["keyId", "id"] });
  });
  try {
    const database = await result(request);
    database.addEventListener("close", closed);
    database.addEventListener("versionchange", () => {
      database.close();
      closed();
    });
    return database;
  } catch (error) {
    closed();
    throw error;
  }
}

function result<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.addEventListener("success", () => resolve(request.result));
    request.addEventListener("error", () => reject(request.error));
  });
}
