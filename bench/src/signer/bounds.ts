import { TOKEN_LOOP } from "./loops.ts";
import type { Bound, LoopReport } from "./report.ts";
import { BATCHED, type Row, TOKEN_BATCHED, UNBATCHED } from "./rows.ts";

/** Signatures per second of plain transfers, key in a keystore, journal on disk. */
const BATCHED_AT_LEAST = 5_000;
const UNBATCHED_AT_LEAST = 1_500;
/** Share of what a loop reaches that signs with the token and verifies, and keeps no journal. */
const SHARE_OF_TOKEN_LOOP = 0.8;

/** The signer's bounds, as far as they were measured. */
export function boundsOf(
  measured: readonly { readonly row: Row; readonly perSecond: number }[],
  loops: readonly LoopReport[],
): Bound[] {
  const loop = loops.find((one) => one.loop === TOKEN_LOOP)?.per_second;
  const bounds = [
    { what: "keystore, batched", row: BATCHED, at_least: BATCHED_AT_LEAST },
    { what: "keystore, unbatched", row: UNBATCHED, at_least: UNBATCHED_AT_LEAST },
    {
      what: `PKCS#11, batched, ${SHARE_OF_TOKEN_LOOP * 100} % of ${TOKEN_LOOP}`,
      row: TOKEN_BATCHED,
      at_least: (loop ?? 0) * SHARE_OF_TOKEN_LOOP,
    },
  ];
  return bounds.flatMap(({ what, row, at_least }) => {
    const reached = measured.find((one) => one.row === row)?.perSecond;
    return reached === undefined ? [] : [{ what, at_least, reached, met: reached >= at_least }];
  });
}
