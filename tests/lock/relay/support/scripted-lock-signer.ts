import { join } from "node:path";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import { type LockKeySchema, LockSuite } from "@countersign/gen/countersign/lock/v1/lock_pb.ts";
import { LockSignerService } from "@countersign/gen/countersign/signer/v1/lock_signer_service_pb.ts";
import { createLogger, serve, serveRpc, standardInterceptors } from "@countersign/service-kit";
import { onTestFinished } from "vitest";
import { temporaryDirectory } from "../../../signer/support/temporary-directory.ts";

const SCRIPTED_KEY: MessageInitShape<typeof LockKeySchema> = {
  keyId: "scripted",
  suite: LockSuite.RISTRETTO255_V1,
  commitment: new Uint8Array(32).fill(1),
  current: true,
};

/** A LockSignerService over real HTTP/2 that a test may have answer what no signer would. */
export interface ScriptedLockSigner {
  /** "unix:/…". */
  readonly address: string;
  /** Names of the methods that were called, in turn. */
  readonly calls: string[];
  /** What the next calls do, in place of answering with SCRIPTED_KEY. */
  script: Partial<ServiceImpl<typeof LockSignerService>>;
  stop(): Promise<void>;
}

/** Starts it until the test ends; without `serves` it knows no method at all. */
export async function startScriptedLockSigner(serves = true): Promise<ScriptedLockSigner> {
  const path = join(temporaryDirectory(), "s");
  const stopping = new AbortController();
  const answer = { key: SCRIPTED_KEY, element: new Uint8Array(32).fill(2), proof: new Uint8Array(64) };
  const standard: ServiceImpl<typeof LockSignerService> = {
    getLockKeys: () => ({ keys: [SCRIPTED_KEY] }),
    applyLock: () => answer,
    removeLock: () => answer,
  };
  const called = (name: keyof typeof standard) => {
    signer.calls.push(name);
    return signer.script[name] ?? standard[name];
  };
  const implementation: ServiceImpl<typeof LockSignerService> = {
    getLockKeys: (...call) => (called("getLockKeys") as typeof standard.getLockKeys)(...call),
    applyLock: (...call) => (called("applyLock") as typeof standard.applyLock)(...call),
    removeLock: (...call) => (called("removeLock") as typeof standard.removeLock)(...call),
  };
  const log = createLogger("signer", "silent");
  const server = await serveRpc({
    listen: { kind: "unix", path },
    services: serves ? [serve(LockSignerService, implementation)] : [],
    interceptors: standardInterceptors(log, stopping.signal),
    limits: { defaultDeadlineMs: 10_000, maxDeadlineMs: 60_000, readMaxBytes: 1024 * 1024 },
    log,
    stopping,
  });
  onTestFinished(() => server.drain(0));
  const signer: ScriptedLockSigner = {
    address: `unix:${path}`,
    calls: [],
    script: {},
    stop: () => server.drain(0),
  };
  return signer;
}
