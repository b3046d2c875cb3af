import { create, type DescMethod, type DescMethodStreaming, type DescMethodUnary } from "@bufbuild/protobuf";
import type { Transport } from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import { errorFromConnect, reasonName } from "@countersign/service-kit";

const TRANSPORTS: Readonly<Record<string, (baseUrl: string) => Transport>> = {
  Connect: (baseUrl) => createConnectTransport({ baseUrl, httpVersion: "2" }),
  gRPC: (baseUrl) => createGrpcTransport({ baseUrl }),
  "gRPC-Web": (baseUrl) => createGrpcWebTransport({ baseUrl, httpVersion: "2" }),
};

/** The protocols that a port speaks, each over HTTP/2, which streams need. */
export const PROTOCOLS: readonly string[] = Object.keys(TRANSPORTS);

/** The name of the reason for which a call with an empty message is refused; "" when it is answered. */
export async function reasonOf(
  address: string,
  protocol: string,
  method: DescMethod,
  headers: Readonly<Record<string, string>>,
): Promise<string> {
  return callAny(transportTo(address, protocol), method, headers).then(
    () => "",
    (error) => {
      const { reason } = errorFromConnect(error);
      return reason === undefined ? String(error) : reasonName(reason);
    },
  );
}

const opened = new Map<string, Transport>();

/** The same connection for all calls in one protocol: ports take only so many. */
function transportTo(address: string, protocol: string): Transport {
  const name = `${protocol} ${address}`;
  const transport = opened.get(name) ?? TRANSPORTS[protocol]?.(address);
  if (transport === undefined) throw new Error(`no protocol ${protocol}`);
  opened.set(name, transport);
  return transport;
}

/** Reads the answer, of a stream the first message. Throws the call's error. */
async function callAny(
  transport: Transport,
  method: DescMethod,
  headers: Readonly<Record<string, string>>,
): Promise<void> {
  if (isUnary(method)) {
    await transport.unary(method, undefined, undefined, headers, create(method.input));
    return;
  }
  if (!isStreaming(method)) throw new Error("neither unary nor streaming");
  const caller = new AbortController();
  const answer = await transport.stream(method, caller.signal, undefined, headers, oneMessage(method));
  for await (const _ of answer.message) break;
  caller.abort();
}

function isUnary(method: DescMethod): method is DescMethodUnary {
  return method.methodKind === "unary";
}

function isStreaming(method: DescMethod): method is DescMethodStreaming {
  return method.methodKind !== "unary";
}

async function* oneMessage({ input }: DescMethod) {
  yield create(input);
}

/** The content type of a call in the protocol, with protobuf inside. */
export function contentType(protocol: string, method: DescMethod): string {
  if (protocol === "gRPC") return "application/grpc+proto";
  if (protocol === "gRPC-Web") return "application/grpc-web+proto";
  return isUnary(method) ? "application/proto" : "application/connect+proto";
}

/** "countersign.relay.v1.RelayService/GetRelayInfo". */
export function fullName(method: DescMethod): string {
  return `${method.parent.typeName}/${method.name}`;
}
