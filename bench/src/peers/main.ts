// Measures the relay of @tatchi-xyz/sdk and ours side by side: the same delegates, on devnets that begin alike, are as slow and
// lose as many answers. Ends with 0 only if ours failed, doubled, lost and denied nothing.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { WaitUntil } from "@countersign/gen/countersign/relay/v1/submission_pb.ts";
import { BLOCK_TIME_MS } from "../relay/devnet-process.ts";
import { LANE_WINDOW } from "../relay/stack.ts";
import { makeKeystore } from "../shared/keystore.ts";
import { lookAtMachine } from "../shared/machine.ts";
import { runBench } from "../shared/run-bench.ts";
import type { NamedContender } from "./contender.ts";
import { installPeers } from "./install.ts";
import { type Cell, delegatesOf, measureCell } from "./measure.ts";
import { type PeerOptions, readOptions, USAGE } from "./options.ts";
import { startOurs } from "./ours.ts";
import { type Report, ratios, table } from "./report.ts";
import { startTatchi } from "./tatchi.ts";

const PEER = "tatchi";

async function bench(options: PeerOptions, folder: string): Promise<Report> {
  await installPeers();
  const machine = await lookAtMachine(folder);
  const { waitUntil } = options;
  const keystore = await makeKeystore(folder, Math.max(...options.keys));
  const contenders: NamedContender[] = [
    { name: PEER, start: startTatchi },
    ...options.keys.map((keys) => ({
      name: `ours, ${keys} ${keys === 1 ? "key" : "keys"}`,
      start: (given: Parameters<NamedContender["start"]>[0]) =>
        startOurs({ ...given, keystore, keys, waitUntil }),
    })),
  ];
  const cells: Cell[] = [];
  for (const latencyMs of options.latencies)
    cells.push(...(await atLatency(latencyMs, contenders, options, folder)));
  return {
    ok: cells.every(
      ({ relay, failed, doubled, lost, denied }) => relay === PEER || failed + doubled + lost + denied === 0,
    ),
    at: new Date().toISOString(),
    machine,
    settings: {
      block_time_ms: BLOCK_TIME_MS,
      rpc_endpoints: options.endpoints,
      lost_answers: options.lostAnswers,
      our_lane_window: LANE_WINDOW,
      ours_answers_when: waitUntil === WaitUntil.FINAL ? "final" : "included",
      log_level: options.logLevel,
    },
    cells,
    ratios: ratios(cells, PEER),
  };
}

/** All contenders in turn, each with a devnet of its own. Gives the cells in the table's order. */
async function atLatency(
  latencyMs: number,
  contenders: readonly NamedContender[],
  options: PeerOptions,
  parent: string,
): Promise<Cell[]> {
  const { endpoints, logLevel } = options;
  const delegates = options.concurrencies.map((concurrency) =>
    delegatesOf(concurrency, latencyMs, options.windowMs(latencyMs)),
  );
  const wallets = delegates.flatMap(({ warmUp, measured }) => [...warmUp, ...measured]);
  const cells: Cell[] = [];
  for (const [place, { name, start }] of contenders.entries()) {
    const folder = join(parent, `${latencyMs}-${place}`);
    await mkdir(folder);
    const contender = await start({ folder, wallets, endpoints, latencyMs, logLevel });
    try {
      for (const ofCell of delegates) {
        process.stderr.write(`bench: ${name} at ${latencyMs} ms with ${ofCell.concurrency} in flight\n`);
        cells.push(await measureCell(name, contender, ofCell, latencyMs, options));
      }
    } finally {
      await contender.stop();
    }
  }
  return cells.toSorted((a, b) => a.concurrency - b.concurrency);
}

await runBench({
  name: "bench-peers",
  usage: USAGE,
  readOptions,
  bench: async (options, folder) => {
    const report = await bench(options, folder);
    return { report, table: table(report) };
  },
});
