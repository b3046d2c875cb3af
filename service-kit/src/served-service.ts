import type { DescService } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "./domain-error.ts";

/**
 * A service with its implementation. Services are handed to the server as values, not registered on a Connect
 * router: a router would take options per service, and interceptors among them replace the common ones.
 */
export interface ServedService {
  readonly service: DescService;
  readonly implementation: Partial<ServiceImpl<DescService>>;
}

/** Pairs a service with an implementation of every one of its methods. */
export function serve<S extends DescService>(service: S, implementation: ServiceImpl<S>): ServedService {
  return { service, implementation: implementation as Partial<ServiceImpl<DescService>> };
}

/** Pairs a service with an implementation of some of its methods; the others are METHOD_UNKNOWN. */
export function serveSome<S extends DescService>(
  service: S,
  implementation: Partial<ServiceImpl<S>>,
): ServedService {
  const missing = service.methods
    .filter(({ localName }) => !(localName in implementation))
    .map(({ name, localName }) => [localName, () => refuse(name)]);
  return { service, implementation: { ...Object.fromEntries(missing), ...implementation } };
}

function refuse(method: string): never {
  throw new DomainError(ErrorReason.METHOD_UNKNOWN, `${method} is not served here`);
}
