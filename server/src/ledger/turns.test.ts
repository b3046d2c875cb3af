import { expect, test } from "vitest";
import { Turns } from "./turns.ts";

/** Work that says when it begins and ends when it is told to. */
function work(log: string[], name: string) {
  const ended = Promise.withResolvers<void>();
  return {
    end: ended.resolve,
    fail: ended.reject,
    run: () => {
      log.push(name);
      return ended.promise;
    },
  };
}

test("an owner's work waits for its turn in order, and another owner's does not", async () => {
  const turns = new Turns(2);
  const log: string[] = [];
  const [a, b, c, d] = ["a", "b", "c", "d"].map((name) => work(log, name));
  if (a === undefined || b === undefined || c === undefined || d === undefined) throw new Error();
  const running = [a, b, c, d].map(({ run }) => turns.run("one", run).catch(() => undefined));
  const other = work(log, "other");
  running.push(turns.run("two", other.run));
  expect(log).toEqual(["a", "b", "other"]);
  a.fail(new Error("it failed"));
  await running[0];
  await Promise.resolve();
  expect(log).toEqual(["a", "b", "other", "c"]);
  for (const one of [b, c, d, other]) one.end();
  await Promise.all(running);
  expect(log).toEqual(["a", "b", "other", "c", "d"]);
  const again = work(log, "again");
  again.end();
  await turns.run("one", again.run);
  expect(log.at(-1)).toBe("again");
});
