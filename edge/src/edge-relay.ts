import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { SignerAdminService } from "@countersign/gen/countersign/signer/v1/signer_admin_service_pb.ts";
import { walletOriginsFilter } from "@countersign/server/transport/wallet-origins.ts";
import { DomainError, reasonName } from "@countersign/service-kit";
import { publicGate } from "./access.ts";
import { lockAdmin } from "./admin/lock-admin.ts";
import { operatorGate } from "./admin/operator-gate.ts";
import type { Bindings } from "./bindings.ts";
import { type EdgeFoundation, openEdgeFoundation } from "./foundation.ts";
import { health } from "./health.ts";
import { openVault, serveLock } from "./lock/serve-lock.ts";
import { peerAddress } from "./peer-address.ts";
import { serveEdge } from "./serve-edge.ts";
import { isForSessions, sessionDoor } from "./session/session-door.ts";
import { forward, isForUpstream } from "./upstream.ts";

/** Answers requests to a relay at the edge. */
export type EdgeRelay = (request: Request) => Promise<Response>;

/** Opens it for a deployment. Throws ConfigError. */
export async function openEdgeRelay(bindings: Bindings): Promise<EdgeRelay> {
  const foundation = await openEdgeFoundation(bindings);
  const { config, log } = foundation;
  const own = serveOwn(foundation);
  const sessions = config.session && sessionDoor(foundation);
  return async (request) => {
    const { pathname } = new URL(request.url);
    const address = peerAddress(request.headers);
    const { upstream } = config;
    try {
      if (upstream !== undefined && isForUpstream(pathname)) return await forward(request, upstream, address);
      if (sessions !== undefined && isForSessions(pathname, request)) return await sessions(request);
    } catch (error) {
      log.error({ err: error }, "request was not answered");
      return Response.json({ code: "unavailable", message: "there is no answer now" }, { status: 503 });
    }
    return own(request, { address });
  };
}

/** What the Worker answers itself: the lock, its keys' operators, and health. */
function serveOwn(foundation: EdgeFoundation) {
  const { config, limiter, events } = foundation;
  const vault = openVault(foundation);
  const operators = operatorGate({
    operators: config.operators,
    limiter,
    rates: config.rates,
    onRefused: ({ reason, ...call }) =>
      events.accessRefused({
        ...{ ...call, tenant: "", actor: "anonymous", requestId: "" },
        reason: reasonName(reason),
      }),
  });
  const everybody = publicGate(foundation, async () => {
    throw new DomainError(ErrorReason.CREDENTIALS_MISSING, "this method needs credentials");
  });
  const services = [serveLock(foundation, vault), lockAdmin(vault)];
  return serveEdge({
    foundation,
    services: [...services, health(services)],
    filters: [walletOriginsFilter((id) => config.directory.relyingParty(id))],
    gate: (context) => (context.service === SignerAdminService ? operators(context) : everybody(context)),
    interceptors: [],
  });
}
