import { expect, it } from "vitest";
import type { TerminalItem } from "../ledger/ledger.ts";
import type { BlockView } from "../near/views.ts";
import { LaneSigning, type LaneSigningOptions } from "./lane-signing.ts";
import { UnsignedWork } from "./unsigned-work.ts";
import type { Work } from "./work.ts";

type Parts = ConstructorParameters<typeof LaneSigning>[1];

function block(height: bigint): BlockView {
  return { height, hash: "1".repeat(32), timeMs: 0 };
}

/** Signs one submission with that expiry, where the head that is known is 100 and the newest 110; says what came of it. */
async function sign(expiresAtHeight: bigint | null) {
  const ends: Pick<TerminalItem, "to" | "failure">[] = [];
  let heads = 0;
  let signs = 0;
  const options = {
    head: {
      get: async () => block(100n),
      newest: async () => {
        heads++;
        return block(110n);
      },
    },
    chain: { validityBlocks: 86_400n },
    signal: new AbortController().signal,
    // Looked for when a transaction is to be signed, and then it is enough.
    get signer() {
      signs++;
      return undefined;
    },
  } as unknown as LaneSigningOptions;
  const parts = {
    retry: { run: (_: string, work: () => Promise<unknown>) => work() },
    record: { ended: async (_: Work, end: TerminalItem) => void ends.push(end) },
    unsigned: new UnsignedWork(() => ({ lane: false, tenants: [] })),
  } as unknown as Parts;
  const work = { expiresAtHeight, block: null, wasSigned: false, kind: "DELEGATE" } as unknown as Work;
  await new LaneSigning(options, parts).sign([work]).catch(() => undefined);
  return { heads, signs, ends: ends.map(({ to, failure }) => [to, failure?.reason]) };
}

it("asks for the newest head where only that says whether there is still time", async () => {
  expect(await sign(114n)).toEqual({ heads: 1, signs: 0, ends: [["REJECTED", "SUBMISSION_EXPIRED"]] });
  expect(await sign(115n)).toEqual({ heads: 1, signs: 1, ends: [] });
});

it("is content with the head that it knows where there is time", async () => {
  expect(await sign(125n)).toEqual({ heads: 0, signs: 1, ends: [] });
  expect(await sign(null)).toEqual({ heads: 0, signs: 1, ends: [] });
});
