import { isValidAccountId } from "@countersign/near";
import type { TextStore } from "../../wallet/text-store.ts";

const MAX_ACCOUNTS = 64;

/** Which accounts an origin may see, and the id of the user who said so. */
export interface Grant {
  readonly userId: string;
  readonly accounts: readonly string[];
}

/** What users let origins see. An origin has one grant: the next user's takes the place of the last one's. */
export class Grants {
  readonly #store: TextStore;

  constructor(store: TextStore) {
    this.#store = store;
  }

  /** Undefined when nobody was asked, they gave none, or nothing is remembered that can be read. */
  get(origin: string): Grant | undefined {
    try {
      const { userId, accounts } = JSON.parse(this.#store.getItem(nameOf(origin)) ?? "{}");
      if (typeof userId !== "string" || !Array.isArray(accounts)) return undefined;
      return { userId, accounts: accounts.filter(isAccount) };
    } catch {
      return undefined;
    }
  }

  /** Keeps account names alone, each once, and gives what it keeps. */
  set(origin: string, { userId, accounts }: Grant): readonly string[] {
    const kept = [...new Set(accounts.filter(isAccount))].slice(0, MAX_ACCOUNTS);
    this.#store.setItem(nameOf(origin), JSON.stringify({ userId, accounts: kept }));
    return kept;
  }

  forget(origin: string): void {
    this.#store.removeItem(nameOf(origin));
  }
}

function nameOf(origin: string): string {
  return `countersign/embedding/${origin}`;
}

function isAccount(name: unknown): name is string {
  return typeof name === "string" && isValidAccountId(name);
}
