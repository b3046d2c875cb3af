import type { DescMethod, DescService } from "@bufbuild/protobuf";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { LockService } from "@countersign/gen/countersign/lock/v1/lock_service_pb.ts";
import { RelayService } from "@countersign/gen/countersign/relay/v1/relay_service_pb.ts";
import { SessionService } from "@countersign/gen/countersign/session/v1/session_service_pb.ts";
import { EcdsaSigningService } from "@countersign/gen/countersign/threshold/v1/ecdsa_service_pb.ts";
import { Ed25519SigningService } from "@countersign/gen/countersign/threshold/v1/ed25519_service_pb.ts";
import { ThresholdKeyService } from "@countersign/gen/countersign/threshold/v1/threshold_key_service_pb.ts";
import { ServerReflection } from "@countersign/gen/grpc/reflection/v1/reflection_pb.ts";
import { ServerReflection as ServerReflectionAlpha } from "@countersign/gen/grpc/reflection/v1alpha/reflection_pb.ts";
import { Health } from "@countersign/gen/health/v1/health_pb.ts";
import { reasonName } from "@countersign/service-kit";
import grpc from "@grpc/grpc-js";
import { GrpcReflection } from "grpc-js-reflection-client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sessionSettings } from "../session/support/session-relay.ts";
import { PROTECTED_KEYS, startProtectedRelay, TRUSTED_ISSUER } from "../support/protected-relay.ts";
import { keyHeaders, testKey } from "../support/tenants.ts";
import type { TestRelay } from "../support/test-relay.ts";
import { endedToken, madeToken, signedInToken } from "./support/app-session.ts";
import { contentType, fullName, PROTOCOLS, reasonOf } from "./support/call-any.ts";
import { endlessCall, endlessCallOverHttp1 } from "./support/endless-call.ts";
import { strangersToken, unsignedToken } from "./support/tokens.ts";

/** All that the public port serves. A service that is added there must be added here. */
const SERVICES: readonly DescService[] = [
  RelayService,
  ThresholdKeyService,
  Ed25519SigningService,
  EcdsaSigningService,
  SessionService,
  LockService,
  Health,
  ServerReflection,
  ServerReflectionAlpha,
];

/** What is for users who have signed in, and for no other credentials. */
const SESSION: ReadonlySet<DescMethod> = new Set([
  SessionService.method.revokeSession,
  SessionService.method.listSessions,
  SessionService.method.getUser,
  SessionService.method.unlinkIdentity,
  SessionService.method.mergeUsers,
]);

/** What is open to everybody, since nobody has credentials yet. Counted: tests/protection/sign-in-rates. */
const SIGN_IN: ReadonlySet<DescMethod> = new Set([
  SessionService.method.beginPasskeyRegistration,
  SessionService.method.finishPasskeyRegistration,
  SessionService.method.beginPasskeySignIn,
  SessionService.method.finishPasskeySignIn,
  SessionService.method.beginIdTokenSignIn,
  SessionService.method.finishIdTokenSignIn,
  SessionService.method.redeemSignInCode,
  SessionService.method.refreshSession,
]);

/** What is open to the pages of the tenant that is named. Counted: tests/lock/relay. */
const LOCK: ReadonlySet<DescMethod> = new Set(LockService.methods);

/** What anybody may call. */
const PUBLIC: ReadonlySet<DescMethod> = new Set([
  RelayService.method.getRelayInfo,
  ...Health.methods,
  ...ServerReflection.methods,
  ...ServerReflectionAlpha.methods,
]);

const METHODS = SERVICES.flatMap(({ methods }) => methods);
const GUARDED = METHODS.filter((method) => !PUBLIC.has(method) && !SIGN_IN.has(method) && !LOCK.has(method));

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
  [
    "an access token that a stranger signed",
    ErrorReason.CREDENTIALS_INVALID,
    async () => bearer(await madeToken(new Date(), "ab".repeat(32))),
  ],
  [
    "an access token that has expired",
    ErrorReason.CREDENTIALS_EXPIRED,
    async () => bearer(await madeToken(new Date(Date.now() - 600_000))),
  ],
  ["an access token of a session that has ended", ErrorReason.CREDENTIALS_REVOKED, () => bearer(ended)],
];

let relay: TestRelay;
let ended: string;
const stops: (() => void | Promise<void>)[] = [];
beforeAll(async () => {
  const session = await sessionSettings({}, (close) => void stops.push(close));
  const started = await startProtectedRelay({ settings: { session } });
  relay = started.relay;
  stops.unshift(started.stop);
  ended = await endedToken(relay.app.address);
});
afterAll(async () => {
  for (const stop of stops) await stop();
});

const reasonFor = (protocol: string, method: DescMethod, headers: Headers) =>
  reasonOf(relay.app.address, protocol, method, headers);

it("the port serves what this test knows, and nothing else", async () => {
  const reflection = new GrpcReflection(new URL(relay.app.address).host, grpc.credentials.createInsecure());
  const served = await reflection.listServices();
  expect([...served].sort()).toEqual(SERVICES.map(({ typeName }) => typeName).sort());
});

it("guards every method of the relay but one, and those that sign in or lock", () => {
  expect(RelayService.methods.filter((method) => PUBLIC.has(method)).map(({ name }) => name)).toEqual([
    "GetRelayInfo",
  ]);
  const { length } = [RelayService, ThresholdKeyService, Ed25519SigningService, EcdsaSigningService].flatMap(
    (service) => service.methods,
  );
  expect(GUARDED).toHaveLength(length - 1 + SESSION.size);
  expect(SESSION.size + SIGN_IN.size).toBe(SessionService.methods.length);
});

describe.each(GUARDED.map((method) => [fullName(method), method] as const))("%s", (_, method) => {
  describe.each(PROTOCOLS)("over %s", (protocol) => {
    it.each(ATTACKS)("with %s is refused", async (_what, reason, headers) => {
      const lacksSession = SESSION.has(method) && reason === ErrorReason.SCOPE_MISSING;
      const expected = lacksSession ? ErrorReason.APP_SESSION_MISSING : reason;
      expect(await reasonFor(protocol, method, await headers())).toBe(reasonName(expected));
    });

    // An empty message breaks a rule of most methods, which nobody learns before being let in.
    if (SESSION.has(method)) {
      it("with a user's session is let in, and with no key", async () => {
        const user = bearer(await signedInToken(relay.app.address));
        expect(await reasonFor(protocol, method, user)).toMatch(/^(FIELD_INVALID)?$/);
        expect(await reasonFor(protocol, method, keyHeaders(open))).toBe("APP_SESSION_MISSING");
      });
    } else {
      it("with a good key is let in, and with no user's session", async () => {
        const reason = await reasonFor(protocol, method, keyHeaders(open));
        expect(reason).toMatch(/^(FIELD_INVALID|THRESHOLD_DISABLED)?$/);
        const user = bearer(await signedInToken(relay.app.address));
        expect(await reasonFor(protocol, method, user)).toBe("SCOPE_MISSING");
      });
    }

    it("is refused before its body has arrived", async () => {
      const path = `/${fullName(method)}`;
      const headers = { "content-type": contentType(protocol, method) };
      expect(await endlessCall(relay.app.address, path, headers)).toContain("CREDENTIALS_MISSING");
      if (protocol === "gRPC") return;
      expect(await endlessCallOverHttp1(relay.app.address, path, headers)).toContain("CREDENTIALS_MISSING");
    });
  });
});

describe.each([...SIGN_IN, ...LOCK].map((method) => [fullName(method), method] as const))(
  "%s",
  (_, method) => {
    it.each([
      ["without credentials", () => ({})],
      ["with bad ones", () => keyHeaders(stranger)],
      ["with those of an ended session", () => bearer(ended)],
    ])("is open to everybody %s", async (_what, headers) => {
      for (const protocol of PROTOCOLS) {
        // What an empty message is refused for, behind the gate.
        const reason = await reasonFor(protocol, method, headers());
        expect(reason).toMatch(/^(FIELD_INVALID|REFRESH_TOKEN_INVALID)$/);
      }
    });
  },
);

describe.each([...PUBLIC].map((method) => [fullName(method), method] as const))("%s", (_, method) => {
  it.each([
    ["without credentials", {}],
    ["with bad ones", keyHeaders(stranger)],
  ])("answers everybody, also %s", async (_what, headers) => {
    const protocols = method.methodKind === "bidi_streaming" ? ["gRPC"] : PROTOCOLS;
    for (const protocol of protocols) expect(await reasonFor(protocol, method, headers)).toBe("");
  });
});
