import { memoryStore, type TextStore } from "../../wallet/text-store.ts";

/**
 * The storage that `open` gives, for example `() => localStorage`; one that ends with the page where the browser denies frames
 * of other sites theirs, and throws when it is only named.
 */
export function storeOf(open: () => TextStore): TextStore {
  try {
    return open();
  } catch {
    return memoryStore();
  }
}
