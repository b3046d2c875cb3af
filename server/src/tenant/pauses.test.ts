import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { expect, test } from "vitest";
import type { Pause, PauseLevel, PauseMode } from "../ledger/protection-types.ts";
import { heldTenants, isHeld, isKeyPaused, pausedActionKinds, pauseRefusal } from "./pauses.ts";

function pause(level: PauseLevel, target = "", mode: PauseMode = "DRAIN"): Pause {
  const createdAt = new Date(0);
  return {
    id: `${level} ${target}`,
    level,
    target,
    mode,
    reason: "incident 7",
    author: "admin:eve",
    createdAt,
  };
}

const CALL = { tenant: "acme", method: "CreateAccount" };

test.each([
  ["of the relay", pause("RELAY")],
  ["of its tenant", pause("TENANT", "acme")],
  ["of its method", pause("METHOD", "CreateAccount")],
])("a pause %s refuses a call, without the operator's reason", (_, on) => {
  expect(pauseRefusal([pause("TENANT", "globex"), on], CALL)).toEqual({
    reason: ErrorReason.PAUSED,
    message: "this is paused for now",
    retryAfterMs: 5_000,
  });
});

test.each([
  ["another tenant", pause("TENANT", "globex")],
  ["another method", pause("METHOD", "SubmitDelegate")],
  ["a kind of action", pause("ACTION_KIND", "Transfer")],
  ["a relayer's key", pause("RELAYER_KEY", "ed25519:1")],
  ["a tenant that is named like the method", pause("TENANT", "CreateAccount")],
])("a pause of %s refuses no call of its neighbours", (_, on) => {
  expect(pauseRefusal([on], CALL)).toBeUndefined();
});

test("what was accepted can be read while relay and tenant are paused, but not by a paused method", () => {
  const read = { tenant: "acme", method: "GetSubmission", reads: true };
  expect(pauseRefusal([pause("RELAY"), pause("TENANT", "acme")], read)).toBeUndefined();
  expect(pauseRefusal([pause("METHOD", "GetSubmission")], read)?.reason).toBe(ErrorReason.PAUSED);
});

test("paused kinds of actions are told by name", () => {
  const pauses = [pause("ACTION_KIND", "Transfer"), pause("ACTION_KIND", "AddKey"), pause("METHOD", "X")];
  expect(pausedActionKinds(pauses)).toEqual(new Set(["Transfer", "AddKey"]));
});

test("only a pause that holds keeps accepted submissions back", () => {
  const draining = [pause("RELAY"), pause("TENANT", "acme")];
  expect(isHeld(draining)).toBe(false);
  expect(heldTenants(draining)).toEqual([]);
  const holding = [pause("RELAY", "", "HOLD"), pause("TENANT", "globex", "HOLD"), pause("TENANT", "acme")];
  expect(isHeld(holding)).toBe(true);
  expect(heldTenants(holding)).toEqual(["globex"]);
  expect(isHeld([pause("TENANT", "acme", "HOLD")])).toBe(false);
});

test("a paused key is paused, and other keys are not", () => {
  const pauses = [pause("RELAYER_KEY", "ed25519:1")];
  expect(isKeyPaused(pauses, "ed25519:1")).toBe(true);
  expect(isKeyPaused(pauses, "ed25519:2")).toBe(false);
});
