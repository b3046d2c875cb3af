import { Code, ConnectError } from "@connectrpc/connect";
import { Health, HealthCheckResponse_ServingStatus as Status } from "@countersign/gen/health/v1/health_pb.ts";
import { type ServedService, serveSome } from "@countersign/service-kit";

/**
 * grpc.health.v1 over the given services and "" for the whole Worker: it serves, or it does not answer. Without watches:
 * nothing changes for as long as a Worker runs, and one in which nothing happens is ended.
 */
export function health(services: readonly ServedService[]): ServedService {
  const names = ["", Health.typeName, ...services.map(({ service }) => service.typeName)];
  return serveSome(Health, {
    check({ service }) {
      if (!names.includes(service)) throw new ConnectError("unknown service", Code.NotFound);
      return { status: Status.SERVING };
    },
    list: () => ({ statuses: Object.fromEntries(names.map((name) => [name, { status: Status.SERVING }])) }),
  });
}
