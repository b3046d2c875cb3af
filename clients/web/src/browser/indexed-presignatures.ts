import type { PresignatureStore, SealedPresignature } from "../vault/presignature-store.ts";
import { IndexedDatabase } from "./indexed-database.ts";

const DATABASE = "countersign";
const STORE = "presignatures";

/** Presignatures in IndexedDB. `take` is one transaction, and those that write run one after another, over all tabs. */
export function indexedPresignatures(name: string = DATABASE): PresignatureStore {
  const database = new IndexedDatabase(name, (created) => {
    created.createObjectStore(STORE, { keyPath: ["keyId", "id"] });
  });
  return {
    put: (entry) => database.write(STORE, (store) => store.put(entry)),
    take: (keyId) => taken(database, keyId),
    async ids(keyId) {
      const names = await database.read(STORE, (store) => store.getAllKeys(allOf(keyId)));
      return names.map((name) => String((name as IDBValidKey[])[1]));
    },
    forget: (keyId, ids) =>
      database.write(STORE, (store) => {
        for (const id of ids) store.delete([keyId, id]);
      }),
  };
}

async function taken(database: IndexedDatabase, keyId: string): Promise<SealedPresignature | undefined> {
  let entry: SealedPresignature | undefined;
  await database.write(STORE, (store) => {
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
