import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Message } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import { ThresholdSignerService } from "@countersign/gen/countersign/signer/v1/threshold_signer_service_pb.ts";
import { createLogger, type ServedService, serveRpc, standardInterceptors } from "@countersign/service-kit";
import { onTestFinished } from "vitest";

/** A call as it came to the signer. */
interface SignerCall {
  /** For example "getThresholdKey". */
  readonly method: string;
  readonly request: Message;
  readonly context: HandlerContext;
}

/** A ThresholdSignerService over real gRPC whose answers a test decides. */
export interface ScriptedThresholdSigner {
  readonly socketPath: string;
  /** Every call, as it came. */
  readonly calls: SignerCall[];
  /** Gives the answer's message or throws. Nothing at first: an answer without content. */
  answer: (call: SignerCall) => object | Promise<object>;
  /** Ends it, with all its connections. */
  stop(): Promise<void>;
}

/** Starts it on a Unix socket until the test ends; without `serves` it knows no method at all. */
export async function startScriptedThresholdSigner(serves = true): Promise<ScriptedThresholdSigner> {
  const folder = await mkdtemp(join(tmpdir(), "scripted-"));
  const log = createLogger("signer", "silent");
  const stopping = new AbortController();
  const handlers = ThresholdSignerService.methods.map(({ localName }) => [
    localName,
    (request: Message, context: HandlerContext) => {
      const call = { method: localName, request, context };
      signer.calls.push(call);
      return signer.answer(call);
    },
  ]);
  const served: ServedService = {
    service: ThresholdSignerService,
    implementation: Object.fromEntries(handlers),
  };
  const server = await serveRpc({
    listen: { kind: "unix", path: join(folder, "s") },
    services: serves ? [served] : [],
    interceptors: standardInterceptors(log, stopping.signal),
    limits: { defaultDeadlineMs: 10_000, maxDeadlineMs: 60_000, readMaxBytes: 1024 * 1024 },
    log,
    stopping,
  });
  const signer: ScriptedThresholdSigner = {
    socketPath: join(folder, "s"),
    calls: [],
    answer: () => ({}),
    stop: () => server.drain(0),
  };
  onTestFinished(async () => {
    await server.drain(0);
    await rm(folder, { recursive: true, force: true });
  });
  return signer;
}
