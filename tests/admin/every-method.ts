import { readFileSync } from "node:fs";
import type {
  DescMessage,
  DescMethod,
  DescMethodStreaming,
  DescMethodUnary,
  MessageInitShape,
} from "@bufbuild/protobuf";
import { createConnectTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { ApiKeyService } from "@countersign/gen/countersign/admin/v1/api_key_service_pb.ts";
import { AuditService } from "@countersign/gen/countersign/admin/v1/audit_service_pb.ts";
import { KeyPoolService } from "@countersign/gen/countersign/admin/v1/key_pool_service_pb.ts";
import { LimitsService } from "@countersign/gen/countersign/admin/v1/limits_service_pb.ts";
import { PauseService } from "@countersign/gen/countersign/admin/v1/pause_service_pb.ts";
import { PolicyService } from "@countersign/gen/countersign/admin/v1/policy_service_pb.ts";
import { TenantService } from "@countersign/gen/countersign/admin/v1/tenant_service_pb.ts";
import { WebhookService } from "@countersign/gen/countersign/admin/v1/webhook_service_pb.ts";
import { errorFromConnect, reasonName } from "@countersign/service-kit";

/** Every method of the admin services. */
export const METHODS: readonly DescMethod[] = [
  TenantService,
  ApiKeyService,
  PolicyService,
  LimitsService,
  PauseService,
  WebhookService,
  KeyPoolService,
  AuditService,
].flatMap((service) => service.methods);

/** The role that a method's comment in the contract names. */
export function roleInContract({ name, parent }: DescMethod): string | undefined {
  const file = new URL(`../../proto/${parent.file.proto.name}`, import.meta.url);
  const text = readFileSync(file, "utf8");
  return new RegExp(`Role (\\w+)\\.\\n +rpc ${name}\\(`).exec(text)?.[1];
}

/** Calls the method, by default with an empty message; the reason that it is refused with, or undefined. */
export async function reasonOf(
  baseUrl: string,
  method: DescMethod,
  headers: Record<string, string>,
  request: MessageInitShape<DescMessage> = {},
): Promise<string | undefined> {
  // The port takes a few hundred connections, and this is called for every method, more than once.
  const sessionManager = new Http2SessionManager(baseUrl);
  const transport = createConnectTransport({ baseUrl, httpVersion: "2", sessionManager });
  try {
    if (isUnary(method)) {
      await transport.unary(method, undefined, undefined, headers, request);
    } else if (isStreaming(method)) {
      const answer = await transport.stream(method, undefined, undefined, headers, one(request));
      for await (const _ of answer.message);
    }
    return undefined;
  } catch (error) {
    const { reason, message } = errorFromConnect(error);
    return reason === undefined ? message : reasonName(reason);
  } finally {
    sessionManager.abort();
  }
}

async function* one<T>(message: T): AsyncGenerator<T> {
  yield message;
}

function isUnary(method: DescMethod): method is DescMethodUnary {
  return method.methodKind === "unary";
}

function isStreaming(method: DescMethod): method is DescMethodStreaming {
  return method.methodKind !== "unary";
}

/** The method of a name. */
export function methodNamed(name: string): DescMethod {
  const found = METHODS.find((method) => method.name === name);
  if (found === undefined) throw new Error(`there is no method ${name}`);
  return found;
}
