import type { TextStore } from "@countersign/web/wallet";

/**
 * What this browser keeps for the wallet: `localStorage`. In a frame of another site that is a storage of its own, and some
 * browsers give none at all: then everything ends with the page, and its user signs in each time.
 */
export const browserStore: TextStore = local() ?? memory();

function local(): TextStore | undefined {
  try {
    return localStorage;
  } catch {
    return undefined;
  }
}

function memory(): TextStore {
  const texts = new Map<string, string>();
  return {
    getItem: (name) => texts.get(name) ?? null,
    setItem: (name, text) => void texts.set(name, text),
    removeItem: (name) => void texts.delete(name),
  };
}
