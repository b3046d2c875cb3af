import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";
import * as z from "zod";

/** Bytes without padding, as WebAuthn's JSON forms have them; at most so many characters. */
const base64url = (max: number) =>
  z
    .string()
    .max(max)
    .regex(/^[\w-]*$/);

/** 1,023 bytes: the most that a credential's id has (WebAuthn Level 3, section 4). */
const credentialId = base64url(1_364).min(2);
const clientData = base64url(16_384);
const authenticatorData = base64url(16_384);

/**
 * Outputs of client extensions that say something about the passkey and hold no secret. `prf` and `largeBlob` hold none
 * once `holdsSecret` has looked.
 */
const extensions = z.strictObject({
  appid: z.boolean().optional(),
  appidExclude: z.boolean().optional(),
  credProps: z
    .strictObject({
      rk: z.boolean().optional(),
      authenticatorDisplayName: z.string().max(256).optional(),
    })
    .optional(),
  credBlob: z.boolean().optional(),
  hmacCreateSecret: z.boolean().optional(),
  minPinLength: z.number().optional(),
  prf: z.strictObject({ enabled: z.boolean().optional() }).optional(),
  largeBlob: z
    .strictObject({ supported: z.boolean().optional(), written: z.boolean().optional() })
    .optional(),
});

const credential = {
  id: credentialId,
  rawId: credentialId,
  type: z.literal("public-key"),
  authenticatorAttachment: z.enum(["platform", "cross-platform"]).nullish(),
  clientExtensionResults: extensions,
};

const registration = z.strictObject({
  ...credential,
  response: z.strictObject({
    clientDataJSON: clientData,
    attestationObject: base64url(49_152),
    authenticatorData: authenticatorData.optional(),
    transports: z
      .array(z.string().regex(/^[a-z-]{1,32}$/))
      .max(8)
      .optional(),
    publicKey: base64url(2_048).nullish(),
    publicKeyAlgorithm: z.number().optional(),
  }),
});

const authentication = z.strictObject({
  ...credential,
  response: z.strictObject({
    clientDataJSON: clientData,
    authenticatorData,
    signature: base64url(2_048),
    userHandle: base64url(88).nullish(),
  }),
});

/** A RegistrationResponseJSON (WebAuthn Level 3, section 5.1.7). */
export type RegistrationCredential = z.output<typeof registration>;
/** An AuthenticationResponseJSON (WebAuthn Level 3, section 5.1.7). */
export type AuthenticationCredential = z.output<typeof authentication>;

/** Throws WEBAUTHN_SECRET_PRESENT, WEBAUTHN_RESPONSE_INVALID: with nothing of the text in them. */
export function parseRegistration(text: string): RegistrationCredential {
  return parsed(registration, text, "RegistrationResponseJSON");
}

/** Throws WEBAUTHN_SECRET_PRESENT, WEBAUTHN_RESPONSE_INVALID: with nothing of the text in them. */
export function parseAuthentication(text: string): AuthenticationCredential {
  return parsed(authentication, text, "AuthenticationResponseJSON");
}

function parsed<S extends z.ZodType>(schema: S, text: string, form: string): z.output<S> {
  const json = jsonOf(text);
  if (holdsSecret(json)) {
    throw new DomainError(
      ErrorReason.WEBAUTHN_SECRET_PRESENT,
      "the response carries extension results that must not leave the wallet: take them out before sending it",
    );
  }
  const result = schema.safeParse(json);
  // The error of the schema is no cause: it holds names, and values, of what was sent.
  if (!result.success) throw invalidResponse(`the response is no ${form}`);
  return result.data;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalidResponse("the response is not JSON");
  }
}

/** Outputs that are secrets, or may be: of PRF and CTAP's hmac-secret below it, and what is stored with a passkey. */
const SECRET_OUTPUTS = new Set(["hmacGetSecret", "hmac-secret", "getCredBlob"]);

/** Whether secrets stand where extension results do. Strict before the rest is: also in a response that is malformed. */
function holdsSecret(json: unknown): boolean {
  return [
    field(json, "clientExtensionResults"),
    field(field(json, "response"), "clientExtensionResults"),
  ].some(
    (results) =>
      ownKeys(results).some((key) => SECRET_OUTPUTS.has(key)) ||
      ownKeys(field(results, "prf")).some((key) => key !== "enabled") ||
      ownKeys(field(results, "largeBlob")).some((key) => key !== "supported" && key !== "written"),
  );
}

function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}

function ownKeys(value: unknown): string[] {
  return typeof value === "object" && value !== null ? Object.keys(value) : [];
}

/** `message` tells nothing of what was sent. */
export function invalidResponse(message: string): DomainError {
  return new DomainError(ErrorReason.WEBAUTHN_RESPONSE_INVALID, message);
}
