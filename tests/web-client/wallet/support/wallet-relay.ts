import { randomBytes, randomUUID } from "node:crypto";
import { createServer } from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import type { SignedInSchema } from "@countersign/gen/countersign/session/v1/session_pb.ts";
import { SessionService } from "@countersign/gen/countersign/session/v1/session_service_pb.ts";
import { EcdsaSigningService } from "@countersign/gen/countersign/threshold/v1/ecdsa_service_pb.ts";
import { Ed25519SigningService } from "@countersign/gen/countersign/threshold/v1/ed25519_service_pb.ts";
import { ThresholdKeyService } from "@countersign/gen/countersign/threshold/v1/threshold_key_service_pb.ts";
import { onTestFinished } from "vitest";
import { relayersHalf } from "./relayers-half.ts";

export const TENANT = "acme";
export const USER = "u_alice";
const LIFETIME_MS = 300_000;

export type Services = ServiceImpl<typeof SessionService> &
  ServiceImpl<typeof ThresholdKeyService> &
  ServiceImpl<typeof Ed25519SigningService> &
  ServiceImpl<typeof EcdsaSigningService>;
/** For example "signInit". */
export type MethodName = keyof Services & string;

interface RelayCall {
  readonly method: MethodName;
  // biome-ignore lint/suspicious/noExplicitAny: tests know which method they look at
  readonly request: any;
  readonly authorization: string | null;
}

/**
 * What a method does in place of the right thing: `honest` does that. One that throws after it was a lost answer.
 */
// biome-ignore lint/suspicious/noExplicitAny: requests and answers of any method
export type Deed = (honest: () => any, call: RelayCall, nth: number) => any;

/** A relay over HTTP/2 that has the signer's half of keys, and does what a test wants. */
export interface WalletRelay {
  readonly baseUrl: string;
  readonly calls: RelayCall[];
  readonly deeds: Partial<Record<MethodName, Deed>>;
  /** Milliseconds that access tokens have from now. */
  accessTokenMs: number;
  of(method: MethodName): RelayCall[];
  /** Breaks all connections. */
  cut(): void;
}

/** Starts it until the test ends. `more` takes the place of methods. */
export async function startWalletRelay(more: Partial<Services> = {}): Promise<WalletRelay> {
  const half = relayersHalf();
  let tokens = 0;
  const signedIn = (): MessageInitShape<typeof SignedInSchema> => ({
    accessToken: `access-${++tokens}`,
    accessExpiresAt: timestampFromMs(Date.now() + relay.accessTokenMs),
    refreshToken: `refresh-${tokens}`,
    sessionExpiresAt: timestampFromMs(Date.now() + 10 * LIFETIME_MS),
    sessionId: "session-1",
    user: { id: USER },
  });
  const challenge = (kind: string) => {
    const bytes = Buffer.concat([Buffer.from(`countersign/${kind}/v1`), randomBytes(32)]);
    return JSON.stringify({ challenge: bytes.toString("base64url") });
  };
  const honest: Partial<Services> = {
    beginPasskeyRegistration: () => ({ registrationId: "r", optionsJson: challenge("registration") }),
    finishPasskeyRegistration: () => ({ signedIn: signedIn() }),
    beginPasskeySignIn: () => ({ signInId: "s", optionsJson: challenge("passkey-sign-in") }),
    finishPasskeySignIn: () => ({ signedIn: signedIn() }),
    refreshSession: () => ({ signedIn: signedIn() }),
    revokeSession: () => ({ ended: 1 }),
    getUser: () => ({ user: { id: USER } }),
    beginKey: (request) => half.beginKey(request),
    finishKey: (request) => half.finishKey(request),
    createNonce: () => ({ nonce: randomBytes(32), tenant: TENANT }),
    mintSession: () => ({
      token: `cst_${randomUUID()}`,
      expiresAt: timestampFromMs(Date.now() + LIFETIME_MS),
      maxUses: 100,
    }),
    endSession: () => ({}),
    authorize: (request) => half.authorize(request),
    signInit: (request) => half.signInit(request),
    signFinalize: (request) => half.signFinalize(request),
    exportShare: (request) => half.exportShare(request),
    ...more,
  };
  const watched = Object.entries(honest).map(([name, handler]) => {
    const method = name as MethodName;
    const act = (request: object, context: HandlerContext) => {
      const call = { method, request, authorization: context.requestHeader.get("authorization") };
      relay.calls.push(call);
      const right = () => (handler as (request: object) => object)(request);
      return relay.deeds[method]?.(right, call, relay.of(method).length) ?? right();
    };
    return [method, act] as const;
  });
  const routes = Object.fromEntries(watched);
  const sockets = new Set<Socket>();
  const server = createServer(
    connectNodeAdapter({
      routes: (router) => {
        for (const service of [
          SessionService,
          ThresholdKeyService,
          Ed25519SigningService,
          EcdsaSigningService,
        ]) {
          router.service(service, routes);
        }
      },
    }),
  );
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const relay: WalletRelay = {
    baseUrl: `http://127.0.0.1:${port}`,
    calls: [],
    deeds: {},
    accessTokenMs: LIFETIME_MS,
    of: (method) => relay.calls.filter((call) => call.method === method),
    cut() {
      for (const socket of sockets) socket.resetAndDestroy();
    },
  };
  onTestFinished(async () => {
    relay.cut();
    await new Promise((resolve) => server.close(resolve));
  });
  return relay;
}
