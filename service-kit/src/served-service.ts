import type { DescService } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";

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
