import { once } from "node:events";
import { createServer, type Http2Session } from "node:http2";
import type { AddressInfo } from "node:net";
import type { DescMethodUnary, DescService, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import { ConnectError, createClient, type HandlerContext, type ServiceImpl } from "@connectrpc/connect";
import { connectNodeAdapter, createConnectTransport } from "@connectrpc/connect-node";
import { SessionService } from "@countersign/gen/countersign/session/v1/session_service_pb.ts";
import { EcdsaSigningService } from "@countersign/gen/countersign/threshold/v1/ecdsa_service_pb.ts";
import { Ed25519SigningService } from "@countersign/gen/countersign/threshold/v1/ed25519_service_pb.ts";
import { ThresholdKeyService } from "@countersign/gen/countersign/threshold/v1/threshold_key_service_pb.ts";
import { onTestFinished } from "vitest";

const SERVICES: readonly DescService[] = [
  SessionService,
  ThresholdKeyService,
  Ed25519SigningService,
  EcdsaSigningService,
];

type Methods = (typeof SessionService &
  typeof ThresholdKeyService &
  typeof Ed25519SigningService &
  typeof EcdsaSigningService)["method"];
type MethodName = keyof Methods;
type Init<M extends MethodName> = MessageInitShape<Methods[M]["input"]>;

/**
 * What an evil relay does in place of passing a call on: `honest` passes on whatever it is given. The wallet gets what
 * this gives, and sees what it throws.
 */
export type Deed<M extends MethodName> = (
  honest: (request: Init<M>) => Promise<MessageShape<Methods[M]["output"]>>,
  request: MessageShape<Methods[M]["input"]>,
) => Promise<MessageInitShape<Methods[M]["output"]>>;

/** A relay that means harm, over HTTP/2: it stands before a real one, and sees and changes what it likes. */
export interface EvilRelay {
  readonly address: string;
  readonly deeds: { [M in MethodName]?: Deed<M> };
  /** Every request that wallets sent, with the method's name. */
  readonly seen: { readonly method: string; readonly request: unknown }[];
}

type AnyDeed = (honest: (request: object) => Promise<object>, request: object) => Promise<object>;

/** Starts it before the relay at this address, until the test ends. */
export async function startEvilRelay(behind: string): Promise<EvilRelay> {
  const transport = createConnectTransport({ baseUrl: behind, httpVersion: "2" });
  const deeds: EvilRelay["deeds"] = {};
  const seen: EvilRelay["seen"] = [];
  const handlersOf = (service: DescService): Partial<ServiceImpl<DescService>> => {
    const client = createClient(service, transport) as Record<string, (...of: object[]) => Promise<object>>;
    const handlers = Object.fromEntries(
      service.methods.map(({ localName }: Pick<DescMethodUnary, "localName">) => [
        localName,
        async (request: object, { requestHeader }: HandlerContext) => {
          seen.push({ method: localName, request });
          const authorization = requestHeader.get("authorization");
          const headers = authorization === null ? {} : { authorization };
          const honest = async (changed: object) => {
            const answer = client[localName]?.(changed, { headers });
            if (answer === undefined) throw new Error(`there is no ${localName}`);
            return answer.catch((error) => Promise.reject(passedOn(error)));
          };
          const deed = deeds[localName as MethodName] as AnyDeed | undefined;
          return deed === undefined ? honest(request) : deed(honest, request);
        },
      ]),
    );
    // TypeScript does not know the methods of a service that it is given as one of several.
    return handlers as object as Partial<ServiceImpl<DescService>>;
  };
  const server = createServer(
    connectNodeAdapter({
      routes: (router) => {
        for (const service of SERVICES) router.service(service, handlersOf(service));
      },
    }),
  );
  const sessions = new Set<Http2Session>();
  server.on("session", (session) => sessions.add(session));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(async () => {
    server.close();
    for (const session of sessions) session.destroy();
  });
  return { address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, deeds, seen };
}

/** The relay's error, as the wallet would have had it. */
function passedOn(error: unknown): ConnectError {
  const { rawMessage, code, details } = ConnectError.from(error);
  const same = new ConnectError(rawMessage, code);
  same.details = details;
  return same;
}
