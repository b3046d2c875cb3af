import { createClient, type Interceptor } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { SessionService } from "@countersign/gen/countersign/session/v1/session_service_pb.ts";
import { EcdsaSigningService } from "@countersign/gen/countersign/threshold/v1/ecdsa_service_pb.ts";
import { Ed25519SigningService } from "@countersign/gen/countersign/threshold/v1/ed25519_service_pb.ts";
import { ThresholdKeyService } from "@countersign/gen/countersign/threshold/v1/threshold_key_service_pb.ts";
import type { ThresholdClient } from "../../signer/threshold/support/threshold-signer.ts";
import { withHeaders } from "../../support/test-relay.ts";

/** The services of a relay, as a wallet calls them over HTTP/2. */
export function relayServices(baseUrl: string, token = "", timeoutMs = 30_000) {
  const interceptors: Interceptor[] = token === "" ? [] : [withHeaders({ authorization: `Bearer ${token}` })];
  const transport = createConnectTransport({
    baseUrl,
    httpVersion: "2",
    interceptors,
    defaultTimeoutMs: timeoutMs,
  });
  return {
    session: createClient(SessionService, transport),
    keys: createClient(ThresholdKeyService, transport),
    ed25519: createClient(Ed25519SigningService, transport),
    ecdsa: createClient(EcdsaSigningService, transport),
  };
}

type RelayServices = ReturnType<typeof relayServices>;

/**
 * The signer as a wallet reaches it: through a relay, which says whom a call is for. What the caller of a method says
 * about that goes nowhere.
 */
export function relayedSigner({
  keys,
  ed25519,
  ecdsa,
}: Pick<RelayServices, "keys" | "ed25519" | "ecdsa">): ThresholdClient {
  const through =
    <Request extends object, Response>(send: (request: Request, options?: object) => Promise<Response>) =>
    async ({ request }: { request?: Request }, options?: object) => ({
      response: await send(request ?? ({} as Request), options),
    });
  const methods = {
    beginThresholdKey: through(keys.beginKey),
    finishThresholdKey: through(keys.finishKey),
    getThresholdKey: through(keys.getKey),
    listThresholdKeys: through(keys.listKeys),
    createThresholdNonce: through(keys.createNonce),
    mintThresholdSession: through(keys.mintSession),
    endThresholdSession: through(keys.endSession),
    exportThresholdShare: through(keys.exportShare),
    authorizeEd25519: through(ed25519.authorize),
    signEd25519Init: through(ed25519.signInit),
    signEd25519Finalize: through(ed25519.signFinalize),
    authorizeEcdsa: through(ecdsa.authorizeEcdsa),
    presignInit: through(ecdsa.presignInit),
    presignStep: through(ecdsa.presignStep),
    signEcdsaInit: through(ecdsa.signEcdsaInit),
    signEcdsaFinalize: through(ecdsa.signEcdsaFinalize),
    getPresignaturePool: through(ecdsa.getPresignaturePool),
  };
  // The answers are these messages in the signer's own.
  return methods as unknown as ThresholdClient;
}
