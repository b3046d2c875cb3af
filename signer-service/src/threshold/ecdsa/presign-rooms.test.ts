import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { expect, test } from "vitest";
import { PresignRooms } from "./presign-rooms.ts";

const LIMITS = { concurrent: 4, concurrentPerTenant: 3, concurrentPerUser: 2 };

test("steps run as long as there is room, for the user, the tenant and all, and leave it when they end or fail", async () => {
  const rooms = new PresignRooms();
  const begin = (tenant: string, user: string) => {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const done = rooms.within({ tenant, user }, LIMITS, () => promise);
    return { done, resolve, reject };
  };
  const busy = { reason: ErrorReason.PRESIGN_BUSY, retryAfterMs: expect.any(Number) };
  const [one, two] = [begin("acme", "alice"), begin("acme", "alice")];
  await expect(begin("acme", "alice").done).rejects.toMatchObject({ ...busy, subject: "user" });
  const three = begin("acme", "bob");
  await expect(begin("acme", "bob").done).rejects.toMatchObject({ ...busy, subject: "tenant" });
  // Another tenant's user of the same name.
  const four = begin("globex", "alice");
  await expect(begin("globex", "alice").done).rejects.toMatchObject({ ...busy, subject: "signer" });

  one.resolve("done");
  expect(await one.done).toBe("done");
  two.reject(new Error("aborted"));
  await expect(two.done).rejects.toThrow("aborted");
  const [five, six] = [begin("acme", "alice"), begin("globex", "alice")];
  await expect(begin("acme", "carol").done).rejects.toMatchObject({ ...busy, subject: "signer" });
  for (const running of [three, four, five, six]) {
    running.resolve("done");
    expect(await running.done).toBe("done");
  }
  const seven = begin("acme", "alice");
  seven.resolve("done");
  expect(await seven.done).toBe("done");
});
