import { availableParallelism } from "node:os";
import { fromBinary } from "@bufbuild/protobuf";
import { SignTransactionsResponseSchema } from "@countersign/gen/countersign/signer/v1/relayer_signer_pb.ts";
import { cpuMs, machineCpuMs } from "../shared/proc-stat.ts";
import { quantile } from "../shared/quantiles.ts";
import { type BenchKey, makeCalls } from "./calls.ts";
import { type EventLoopDelay, eventLoopDelay } from "./event-loop.ts";
import type { GrantKey } from "./grants.ts";
import { makeAll } from "./load.ts";
import type { Row } from "./rows.ts";
import { countVerified, refusalsOf } from "./signatures.ts";
import type { ServedSigner } from "./signers.ts";

/** One round of a row. Times in milliseconds. */
export interface Round {
  /** Transactions that were signed, each with a signature that verifies. */
  readonly signed: number;
  readonly perSecond: number;
  readonly callMs: { readonly p50: number; readonly p99: number };
  /** Per signature: of the signer's process, and of this one, which makes the load. */
  readonly cpuMs: { readonly signer: number; readonly load: number };
  /** Share of the machine, 0 to 1, that went to anything else. */
  readonly othersShare: number;
  readonly eventLoop: EventLoopDelay;
}

/** Makes a row's calls once. Throws an Error if a transaction comes back without a signature that verifies. */
export async function measureRound(
  signer: ServedSigner,
  key: BenchKey,
  grantKey: GrantKey,
  row: Row,
): Promise<Round> {
  const calls = makeCalls(row, key, grantKey);
  await eventLoopDelay(signer.metricsUrl);
  const before = await spentBy(signer);
  const {
    tookMs,
    callMs,
    responses: bytes,
  } = await makeAll(
    signer.client,
    calls.map(({ request }) => request),
    row.inFlight,
  );
  const after = await spentBy(signer);
  const eventLoop = await eventLoopDelay(signer.metricsUrl);
  const responses = bytes.map((response) => fromBinary(SignTransactionsResponseSchema, response));
  const count = row.calls * row.size;
  const signed = countVerified(calls, responses, key.publicKey);
  if (signed !== count) {
    throw new Error(`${count - signed} of ${count} were not signed: ${refusalsOf(responses).join("; ")}`);
  }
  const [ofSigner, ofLoad] = [after.signer - before.signer, after.load - before.load];
  const others = Math.max(0, after.machine - before.machine - ofSigner - ofLoad);
  return {
    signed,
    perSecond: (signed / tookMs) * 1000,
    callMs: { p50: quantile(callMs, 0.5), p99: quantile(callMs, 0.99) },
    cpuMs: { signer: ofSigner / signed, load: ofLoad / signed },
    othersShare: others / (tookMs * availableParallelism()),
    eventLoop,
  };
}

async function spentBy({ running }: ServedSigner) {
  const [signer, load, machine] = await Promise.all([cpuMs(running.pid), cpuMs(process.pid), machineCpuMs()]);
  return { signer, load, machine };
}
