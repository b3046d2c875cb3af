import { expect, test } from "vitest";
import { PresignTurns } from "./presign-turns.ts";

test("steps of one session run one after another, those of others meanwhile, and a failure holds up nobody", async () => {
  const turns = new PresignTurns();
  const log: string[] = [];
  const begin = (session: string, name: string) => {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const done = turns.inTurn(session, () => {
      log.push(name);
      return promise;
    });
    done.catch(() => undefined);
    return { done, resolve, reject };
  };
  const [one, two, three] = [begin("a", "one"), begin("a", "two"), begin("a", "three")];
  const other = begin("b", "other");
  expect(log).toEqual(["one", "other"]);
  one.reject(new Error("no memory"));
  await expect(one.done).rejects.toThrow("no memory");
  await expect.poll(() => log).toEqual(["one", "other", "two"]);
  two.resolve("2");
  expect(await two.done).toBe("2");
  three.resolve("3");
  expect(await three.done).toBe("3");
  other.resolve("o");
  expect(await other.done).toBe("o");
  // And again, with nobody before.
  const later = begin("a", "later");
  expect(log.at(-1)).toBe("later");
  later.resolve("l");
  expect(await later.done).toBe("l");
});
