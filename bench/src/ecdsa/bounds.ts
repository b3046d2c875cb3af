import type { BrowserReport, RowReport } from "./report.ts";
import type { Wire } from "./wire.ts";

/** What has to be reached. */
export interface Bound {
  readonly what: string;
  readonly unit: string;
  readonly at_most: number;
  readonly at_least?: number;
  readonly reached: number;
  readonly met: boolean;
}

const PRESIGN_MS = 150;
const BROWSER_MS = 700;
const SIGN_MS = 6;
const ROUND_TRIPS = 2;
const LOOP_P95_MS = 20;
const PAGE_TASK_MS = 50;
/** Bytes of the protocol's messages for a presignature (docs/ot-ecdsa.md), and how far from them a run may be. */
const WIRE = { client: 52_000, relayer: 185_000, tolerance: 0.02 };

/** What was measured. */
export interface Measurements {
  /** On SQLite: all of what is counted there is the processes' own. */
  readonly row: RowReport | undefined;
  readonly wire: Wire;
  readonly browser: BrowserReport | undefined;
}

export function boundsOf({ row, wire, browser }: Measurements): Bound[] {
  return [
    ...(row === undefined ? [] : ofRow(row)),
    ...ofWire(wire),
    ...(browser === undefined ? [] : ofBrowser(browser)),
  ];
}

function ofRow({ presigning, signing }: RowReport): Bound[] {
  return [
    atMost("a presignature, CPU of the signer", "ms", PRESIGN_MS, presigning.cpu_ms.signer),
    atMost("a presignature, CPU of a client in Node", "ms", PRESIGN_MS, presigning.cpu_ms.client),
    atMost("the signer's main loop while wallets presign, p95", "ms", LOOP_P95_MS, presigning.loop_ms.p95),
    atMost("a signature, CPU of the signer", "ms", SIGN_MS, signing.cpu_ms.signer),
    atMost("a signature, CPU of a client in Node", "ms", SIGN_MS, signing.cpu_ms.client),
    atMost("a signature, calls after it was authorised", "", ROUND_TRIPS, signing.calls),
  ];
}

function ofWire(wire: Wire): Bound[] {
  return (["client", "relayer"] as const).map((side) => {
    const { protocol: reached } = wire[side];
    const at_least = WIRE[side] * (1 - WIRE.tolerance);
    const at_most = WIRE[side] * (1 + WIRE.tolerance);
    const met = reached >= at_least && reached <= at_most;
    return {
      what: `a presignature, protocol of the ${side}`,
      unit: "bytes",
      at_least,
      at_most,
      reached,
      met,
    };
  });
}

function ofBrowser({ cpu_ms, page_task_ms }: BrowserReport): Bound[] {
  return [
    atMost("a presignature, CPU of Chromium's process of the page", "ms", BROWSER_MS, cpu_ms.process),
    atMost("the page's longest task while its pool fills", "ms", PAGE_TASK_MS, page_task_ms.longest),
  ];
}

function atMost(what: string, unit: string, at_most: number, reached: number): Bound {
  return { what, unit, at_most, reached, met: reached <= at_most };
}
