import type { LockSuite } from "@countersign/crypto/lock/lock-suite.ts";
import { assertKnownAnswers } from "./known-answers.ts";
import type { LibsodiumLoader } from "./libsodium.ts";
import { libsodiumRistretto255 } from "./libsodium-ristretto255.ts";

/** What serves suite 1 in this process. */
export interface Arithmetic {
  /** The libsodium's name. */
  readonly name: string;
  readonly suite: LockSuite;
  /** Those before it, and why each does not, for the log. */
  readonly passedOver: readonly string[];
}

/** The first that loads and computes what is known. Throws an Error when none does. */
export async function chooseLibsodium(loaders: readonly LibsodiumLoader[]): Promise<Arithmetic> {
  const passedOver: string[] = [];
  for (const loader of loaders) {
    try {
      const suite = libsodiumRistretto255(await loader.load());
      assertKnownAnswers(suite);
      return { name: loader.name, suite, passedOver };
    } catch (error) {
      passedOver.push(`${loader.name}: ${error instanceof Error ? error.message : error}`);
    }
  }
  throw new Error(`no libsodium can be used: ${passedOver.join("; ")}`);
}
