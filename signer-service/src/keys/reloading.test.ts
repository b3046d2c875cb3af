import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";
import { expect, it, vi } from "vitest";
import { Reloading, type ReloadingOptions } from "./reloading.ts";

function start(overrides: Partial<ReloadingOptions<{ keys: [] }>> = {}) {
  const steps: string[] = [];
  const step = (name: string) => async () => void steps.push(name);
  const reloading = new Reloading<{ keys: [] }>({
    readConfig: () => ({ keys: [] }),
    prepareKeys: async () => ({
      keys: [],
      change: { added: ["b"], removed: [] },
      enter: step("enter"),
      takeOver: () => void steps.push("take over"),
      discard: step("discard"),
    }),
    prepareOthers: () => () => void steps.push("others"),
    audit: { record: step("audit") },
    events: { reloaded: step("told"), reloadFailed: step("told of failure") },
    ...overrides,
  });
  return { reloading, steps };
}

it("is in the store and the audit before it is in effect", async () => {
  const { reloading, steps } = start();
  expect(await reloading.run("ops")).toEqual({ added: ["b"], removed: [] });
  expect(steps).toEqual(["enter", "audit", "take over", "others", "told"]);
});

it("does not come into effect when the audit cannot be written", async () => {
  const error = new DomainError(ErrorReason.SIGNER_STORE_UNAVAILABLE, "no answer");
  const { reloading, steps } = start({ audit: { record: () => Promise.reject(error) } });
  await expect(reloading.run("ops")).rejects.toBe(error);
  expect(steps).toEqual(["enter", "discard", "told of failure"]);
});

it("is refused while another one reads its files, and not after it", async () => {
  const reading = Promise.withResolvers<{ keys: [] }>();
  const readConfig = vi.fn(() => reading.promise);
  const { reloading } = start({ readConfig });
  const first = reloading.run("signal");
  await expect(reloading.run("ops")).rejects.toMatchObject({ reason: ErrorReason.RELOAD_RUNNING });
  reading.reject(new Error("line 3: not YAML"));
  await expect(first).rejects.toMatchObject({
    reason: ErrorReason.SIGNER_CONFIG_INVALID,
    message: "line 3: not YAML",
  });
  await expect(reloading.run("ops")).rejects.toMatchObject({ reason: ErrorReason.SIGNER_CONFIG_INVALID });
  expect(readConfig).toHaveBeenCalledTimes(2);
});

it("is waited for by close, and no other one begins after it", async () => {
  const reading = Promise.withResolvers<{ keys: [] }>();
  const { reloading, steps } = start({ readConfig: () => reading.promise });
  const running = reloading.run("signal");
  const closed = reloading.close().then(() => steps.push("closed"));
  await expect(reloading.run("ops")).rejects.toMatchObject({ reason: ErrorReason.SHUTTING_DOWN });
  reading.resolve({ keys: [] });
  await Promise.all([running, closed]);
  expect(steps).toEqual(["enter", "audit", "take over", "others", "told", "closed"]);
});

it("that fails for a fault of ours does not blame the configuration, nor show the fault", async () => {
  const { reloading } = start({
    prepareOthers: () => {
      throw new TypeError("undefined is not a function");
    },
  });
  await expect(reloading.run("ops")).rejects.toMatchObject({
    reason: ErrorReason.INTERNAL,
    message: "the reload failed",
  });
});
