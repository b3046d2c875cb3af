import type { Ledger } from "@countersign/server/ledger/ledger.ts";
import { afterEach, beforeEach, describe } from "vitest";
import { engines, type LedgerHome, type TestEngine } from "./engines.ts";

/** What each test gets: an empty ledger, and where it lives. */
export interface Context {
  readonly ledger: Ledger;
  readonly home: LedgerHome;
  readonly engine: TestEngine;
}

/** Runs the same tests over every engine, each with an empty ledger. */
export function overEngines(name: string, tests: (context: Context) => void): void {
  describe.each(engines)(`${name} ($name)`, (engine) => {
    describe.skipIf(!engine.available)("", () => {
      const context: { -readonly [K in keyof Context]?: Context[K] } = { engine };
      beforeEach(async () => {
        context.home = await engine.home();
        context.ledger = await context.home.open();
      });
      afterEach(() => context.home?.remove());
      tests(context as Context);
    });
  });
}
