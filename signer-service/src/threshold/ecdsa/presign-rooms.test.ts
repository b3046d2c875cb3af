import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { expect, test } from "vitest";
import { PresignRooms } from "./presign-rooms.ts";

const LIMITS = { concurrent: 3, concurrentPerTenant: 2 };

test("steps run as long as there is room, for the tenant and for all, and leave it when they end or fail", async () => {
  const rooms = new PresignRooms();
  const begin = (tenant: string) => {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const done = rooms.within(tenant, LIMITS, () => promise);
    return { done, resolve, reject };
  };
  const busy = { reason: ErrorReason.PRESIGN_BUSY, retryAfterMs: expect.any(Number) };
  const [one, two] = [begin("acme"), begin("acme")];
  await expect(begin("acme").done).rejects.toMatchObject({ ...busy, subject: "tenant" });
  const three = begin("globex");
  await expect(begin("globex").done).rejects.toMatchObject({ ...busy, subject: "signer" });

  one.resolve("done");
  expect(await one.done).toBe("done");
  const four = begin("globex");
  await expect(begin("acme").done).rejects.toMatchObject({ ...busy, subject: "signer" });
  two.reject(new Error("failed"));
  await expect(two.done).rejects.toThrow("failed");
  const five = begin("acme");
  for (const { resolve } of [three, four, five]) resolve("done");
  expect(await Promise.all([three.done, four.done, five.done])).toEqual(["done", "done", "done"]);
});
