import { expect, it } from "vitest";
import { pkcs11Schema } from "./pkcs11-schema.ts";

const schema = pkcs11Schema({ PIN: "1234" });
const given = {
  type: "pkcs11",
  name: "hsm-1",
  module: "/usr/lib/softhsm/libsofthsm2.so",
  token_label: "relayers",
  pin: "env:PIN",
};

it("four sessions sign with a limit of five seconds, and new keys are ed25519, unless told otherwise", () => {
  const config = schema.parse(given);
  expect(config).toMatchObject({ sessions: 4, timeout_ms: 5_000, generate: "ed25519" });
  expect(config.pin.reveal()).toBe("1234");
});

it.each([
  ["a PIN itself instead of a reference", { pin: "1234" }],
  ["a module without its whole path", { module: "libsofthsm2.so" }],
  ["a label that no token can have", { token_label: "ü".repeat(17) }],
  ["no session", { sessions: 0 }],
  ["more than 64 sessions", { sessions: 65 }],
  ["another curve", { generate: "p256" }],
  ["a field that it does not know", { slot: 0 }],
])("%s is refused", (_, wrong) => {
  const parsed = schema.safeParse({ ...given, ...wrong });
  expect(parsed.success).toBe(false);
  expect(JSON.stringify(parsed.error?.issues)).not.toContain("1234");
});
