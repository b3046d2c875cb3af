import net from "node:net";
import { create, type DescMethodUnary } from "@bufbuild/protobuf";
import type { Transport } from "@connectrpc/connect";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { RelayerSignerService } from "@countersign/gen/countersign/signer/v1/relayer_signer_service_pb.ts";
import { SignerAdminService } from "@countersign/gen/countersign/signer/v1/signer_admin_service_pb.ts";
import { makeDevCerts } from "../../../scripts/dev-certs.ts";
import { requestKey } from "../../signer/support/gated-signer.ts";
import { runLockedSigner, signerConfig, tlsSettings } from "../../signer/support/running-signer.ts";
import { tlsTransport, unixTransport } from "../../signer/support/signer-client.ts";
import { type SigningOptions, signingTransport } from "../../signer/support/signing-transport.ts";
import { temporaryDirectory } from "../../signer/support/temporary-directory.ts";
import { testBackend } from "../../support/test-signer.ts";
import type { ContractCase } from "../support/contract-case.ts";
import { type Call, expectRefusal } from "../support/refusal.ts";

/** Reasons that the signer's methods may give without declaring them. */
export const SIGNER_ACCESS_REASONS: readonly ErrorReason[] = [
  ErrorReason.PEER_NOT_ALLOWED,
  ErrorReason.REQUEST_SIGNATURE_MISSING,
  ErrorReason.REQUEST_SIGNATURE_INVALID,
  ErrorReason.REQUEST_STALE,
  ErrorReason.REQUEST_REPLAYED,
];

const relayMethods = Object.values(RelayerSignerService.method);
const adminMethods = Object.values(SignerAdminService.method);
const ANY = RelayerSignerService.method.listKeys;

/** Calls a method with an empty message. */
const callOf =
  (transport: Transport, method: DescMethodUnary): Call =>
  ({ headers }) =>
    transport.unary(method, undefined, undefined, headers, create(method.input));

const openBackends = async () => [testBackend("keystore", [])];

/** A caller whose certificate is the authority's, and not one of those that are let in. */
function stranger(method: DescMethodUnary): ContractCase {
  return {
    method,
    outcome: ErrorReason.PEER_NOT_ALLOWED,
    what: "a certificate that is not on the list",
    run: async () => {
      const certs = makeDevCerts(temporaryDirectory());
      const { listen } = tlsSettings(certs);
      const identities = ["CN=another", "spiffe://countersign.example/another"];
      const config = signerConfig("unused", {
        listen,
        auth: { mtls: { identities } },
        admin: { listen, identities },
        policies: {},
      });
      const { address, adminAddress = "" } = await runLockedSigner(config, { openBackends });
      const isForRelays = relayMethods.some((one) => one === method);
      const transport = tlsTransport(isForRelays ? address : adminAddress, certs);
      await expectRefusal(callOf(transport, method), ErrorReason.PEER_NOT_ALLOWED);
    },
  };
}

/** An operators' method, called where relays call. */
function elsewhere(method: DescMethodUnary): ContractCase {
  return {
    method,
    outcome: ErrorReason.METHOD_UNKNOWN,
    what: "a call where relays call",
    run: async () => {
      const { address } = await runLockedSigner(signerConfig("unused", { policies: {} }), { openBackends });
      await expectRefusal(callOf(unixTransport(address), method), ErrorReason.METHOD_UNKNOWN);
    },
  };
}

/** A request that is not signed as it must be. */
function badRequest(
  method: DescMethodUnary,
  outcome: ErrorReason,
  what: string,
  options: () => SigningOptions,
  before: (call: Call) => Promise<unknown> = async () => undefined,
): ContractCase {
  return {
    method,
    outcome,
    what,
    run: async () => {
      const { id, service, secret } = requestKey();
      const keys = [{ id, service, secret: "env:REQUEST_KEY" }];
      const settings = { auth: { signed_requests: { keys } }, policies: {} };
      const config = signerConfig("unused", settings, { REQUEST_KEY: secret.reveal() });
      const { address } = await runLockedSigner(config, { openBackends });
      const path = address.slice("unix:".length);
      const transport = signingTransport("http://signer", {
        audience: config.audience,
        tls: { createConnection: () => net.connect(path) },
        ...options(),
      });
      const call = callOf(transport, method);
      await before(call);
      await expectRefusal(call, outcome);
    },
  };
}

/** Sends the first request's signature with every other one. */
function replaying(): SigningOptions {
  let first: [string, string][] | undefined;
  return {
    onWire: (request) => {
      first ??= [...request.header].filter(([name]) => name.startsWith("x-countersign-"));
      const header = new Headers(request.header);
      for (const [name, value] of first) header.set(name, value);
      return { ...request, header };
    },
  };
}

/** What the way in to the signer refuses before a method sees it. */
export const signerAccessCases: readonly ContractCase[] = [
  ...[...relayMethods, ...adminMethods].map(stranger),
  ...adminMethods.map(elsewhere),
  ...relayMethods.map((method) =>
    badRequest(method, ErrorReason.REQUEST_SIGNATURE_MISSING, "a request that is not signed", () => ({
      key: null,
    })),
  ),
  badRequest(
    ANY,
    ErrorReason.REQUEST_SIGNATURE_INVALID,
    "a request that was signed for another signer",
    () => ({
      audience: "signer-b",
    }),
  ),
  badRequest(ANY, ErrorReason.REQUEST_STALE, "a request of an hour ago", () => ({
    now: () => new Date(Date.now() - 3_600_000),
  })),
  badRequest(ANY, ErrorReason.REQUEST_REPLAYED, "a request that was received before", replaying, (call) =>
    call({ headers: {} }),
  ),
];
