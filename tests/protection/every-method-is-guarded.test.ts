import type { DescMethod, DescService } from "@bufbuild/protobuf";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { RelayService } from "@countersign/gen/countersign/relay/v1/relay_service_pb.ts";
import { Ed25519SigningService } from "@countersign/gen/countersign/threshold/v1/ed25519_service_pb.ts";
import { ThresholdKeyService } from "@countersign/gen/countersign/threshold/v1/threshold_key_service_pb.ts";
import { ServerReflection } from "@countersign/gen/grpc/reflection/v1/reflection_pb.ts";
import { ServerReflection as ServerReflectionAlpha } from "@countersign/gen/grpc/reflection/v1alpha/reflection_pb.ts";
import { Health } from "@countersign/gen/health/v1/health_pb.ts";
import { reasonName } from "@countersign/service-kit";
import grpc from "@grpc/grpc-js";
import { GrpcReflection } from "grpc-js-reflection-client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PROTECTED_KEYS, startProtectedRelay, TRUSTED_ISSUER } from "../support/protected-relay.ts";
import { keyHeaders, testKey } from "../support/tenants.ts";
import type { TestRelay } from "../support/test-relay.ts";
import { contentType, fullName, PROTOCOLS, reasonOf } from "./support/call-any.ts";
import { endlessCall, endlessCallOverHttp1 } from "./support/endless-call.ts";
import { strangersToken, unsignedToken } from "./support/tokens.ts";

/** All that the public port serves. A service that is added there must be added here. */
const SERVICES: readonly DescService[] = [
  RelayService,
  ThresholdKeyService,
  Ed25519SigningService,
  Health,
  ServerReflection,
  ServerReflectionAlpha,
];

/** What anybody may call. */
const PUBLIC: ReadonlySet<DescMethod> = new Set([
  RelayService.method.getRelayInfo,
  ...Health.methods,
  ...ServerReflection.methods,
  ...ServerReflectionAlpha.methods,
]);

const METHODS = SERVICES.flatMap(({ methods }) => methods);
const GUARDED = METHODS.filter((method) => !PUBLIC.has(method));

type Headers = Readonly<Record<string, string>>;
const bearer = (text: string): Headers => ({ authorization: `Bearer ${text}` });

const { open, scopeless, expired, revoked, disabled } = PROTECTED_KEYS;
const stranger = testKey(99);

const ATTACKS: readonly [what: string, reason: ErrorReason, headers: () => Headers | Promise<Headers>][] = [
  ["no credentials", ErrorReason.CREDENTIALS_MISSING, () => ({})],
  [
    "a key that is cut short",
    ErrorReason.CREDENTIALS_INVALID,
    () => bearer(open.text.reveal().slice(0, -20)),
  ],
  ["an empty bearer", ErrorReason.CREDENTIALS_INVALID, () => ({ authorization: "Bearer" })],
  ["another scheme", ErrorReason.CREDENTIALS_INVALID, () => ({ authorization: "Basic b3BlbjpzZWNyZXQ=" })],
  [
    "the wrong secret of a key that exists",
    ErrorReason.CREDENTIALS_INVALID,
    () => bearer(`cs_live_${open.id}_${stranger.secret.reveal()}`),
  ],
  ["a key that nobody made", ErrorReason.CREDENTIALS_INVALID, () => keyHeaders(stranger)],
  [
    "a key that nobody made, in X-API-Key",
    ErrorReason.CREDENTIALS_INVALID,
    () => ({ "x-api-key": stranger.text.reveal() }),
  ],
  [
    "a token of an issuer that nobody registered",
    ErrorReason.CREDENTIALS_INVALID,
    async () => bearer(await strangersToken("https://nobody.example")),
  ],
  [
    "a token that a stranger signed in a registered issuer's name",
    ErrorReason.CREDENTIALS_INVALID,
    async () => bearer(await strangersToken(TRUSTED_ISSUER)),
  ],
  [
    "a token that nobody signed",
    ErrorReason.CREDENTIALS_INVALID,
    () => bearer(unsignedToken(TRUSTED_ISSUER)),
  ],
  [
    "another tenant's name",
    ErrorReason.TENANT_MISMATCH,
    () => ({ ...keyHeaders(open), "x-tenant": "strict" }),
  ],
  ["a key without the scope", ErrorReason.SCOPE_MISSING, () => keyHeaders(scopeless)],
  ["an expired key", ErrorReason.CREDENTIALS_EXPIRED, () => keyHeaders(expired)],
  [
    "an expired key, in X-API-Key",
    ErrorReason.CREDENTIALS_EXPIRED,
    () => ({ "x-api-key": expired.text.reveal() }),
  ],
  ["a revoked key", ErrorReason.CREDENTIALS_REVOKED, () => keyHeaders(revoked)],
  ["a key of a disabled tenant", ErrorReason.TENANT_DISABLED, () => keyHeaders(disabled)],
];

let relay: TestRelay;
let stop: () => Promise<void>;
beforeAll(async () => {
  ({ relay, stop } = await startProtectedRelay());
});
afterAll(() => stop());

const reasonFor = (protocol: string, method: DescMethod, headers: Headers) =>
  reasonOf(relay.app.address, protocol, method, headers);

it("the port serves what this test knows, and nothing else", async () => {
  const reflection = new GrpcReflection(new URL(relay.app.address).host, grpc.credentials.createInsecure());
  const served = await reflection.listServices();
  expect([...served].sort()).toEqual(SERVICES.map(({ typeName }) => typeName).sort());
});

it("guards every method of the relay but one", () => {
  expect(RelayService.methods.filter((method) => PUBLIC.has(method)).map(({ name }) => name)).toEqual([
    "GetRelayInfo",
  ]);
  const { length } = [RelayService, ThresholdKeyService, Ed25519SigningService].flatMap(
    (service) => service.methods,
  );
  expect(GUARDED).toHaveLength(length - 1);
});

describe.each(GUARDED.map((method) => [fullName(method), method] as const))("%s", (_, method) => {
  describe.each(PROTOCOLS)("over %s", (protocol) => {
    it.each(ATTACKS)("with %s is refused", async (_what, reason, headers) => {
      expect(await reasonFor(protocol, method, await headers())).toBe(reasonName(reason));
    });

    it("with a good key is let in", async () => {
      // An empty message breaks a rule of most methods, which nobody learns before being let in.
      const reason = await reasonFor(protocol, method, keyHeaders(open));
      expect(reason).toMatch(/^(FIELD_INVALID|THRESHOLD_DISABLED)?$/);
    });

    it("is refused before its body has arrived", async () => {
      const path = `/${fullName(method)}`;
      const headers = { "content-type": contentType(protocol, method) };
      expect(await endlessCall(relay.app.address, path, headers)).toContain("CREDENTIALS_MISSING");
      if (protocol === "gRPC") return;
      expect(await endlessCallOverHttp1(relay.app.address, path, headers)).toContain("CREDENTIALS_MISSING");
    });
  });
});

describe.each([...PUBLIC].map((method) => [fullName(method), method] as const))("%s", (_, method) => {
  it.each([
    ["without credentials", {}],
    ["with bad ones", keyHeaders(stranger)],
  ])("answers everybody, also %s", async (_what, headers) => {
    const protocols = method.methodKind === "bidi_streaming" ? ["gRPC"] : PROTOCOLS;
    for (const protocol of protocols) expect(await reasonFor(protocol, method, headers)).toBe("");
  });
});
