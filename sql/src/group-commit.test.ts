import { describe, expect, it } from "vitest";
import { GroupCommit } from "./group-commit.ts";

/** Notes what a transaction holds, and when it ends. */
function recorded(commit: () => Promise<void> = async () => {}) {
  const log: string[] = [];
  const group = new GroupCommit(async (body) => {
    log.push("begin");
    await body();
    await commit();
    log.push("commit");
  });
  const work = (name: string) => async () => {
    log.push(name);
    return name;
  };
  return { log, group, work };
}

describe("GroupCommit", () => {
  it("puts work of one turn into one transaction and answers each after the commit", async () => {
    const { log, group, work } = recorded();
    const a = group.add(work("a")).then((result) => log.push(`answered ${result}`));
    const b = group.add(work("b")).then((result) => log.push(`answered ${result}`));
    await Promise.all([a, b]);
    expect(log).toEqual(["begin", "a", "b", "commit", "answered a", "answered b"]);
  });

  it("puts work that comes during a commit into the next transaction", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { log, group, work } = recorded(() => promise);
    const a = group.add(work("a"));
    await new Promise((turn) => setImmediate(() => setImmediate(turn)));
    expect(log).toEqual(["begin", "a"]);
    const rest = [group.add(work("b")), group.add(work("c"))];
    resolve();
    await Promise.all([a, ...rest]);
    expect(log).toEqual(["begin", "a", "commit", "begin", "b", "c", "commit"]);
  });

  it("fails a piece of work alone, and only after the commit", async () => {
    const { log, group, work } = recorded();
    const results = await Promise.allSettled([
      group.add(work("a")),
      group
        .add(() => Promise.reject(new Error("mine")))
        .catch((error: unknown) => {
          log.push("told");
          throw error;
        }),
      group.add(work("c")),
    ]);
    expect(results).toMatchObject([{ value: "a" }, { reason: { message: "mine" } }, { value: "c" }]);
    expect(log).toEqual(["begin", "a", "c", "commit", "told"]);
  });

  it("fails all of a group whose commit fails, and goes on with the next", async () => {
    let broken = true;
    const { group, work } = recorded(async () => {
      if (broken) throw new Error("disk full");
    });
    const results = await Promise.allSettled([group.add(work("a")), group.add(work("b"))]);
    expect(results).toMatchObject([
      { reason: { message: "disk full" } },
      { reason: { message: "disk full" } },
    ]);
    broken = false;
    expect(await group.add(work("c"))).toBe("c");
  });

  it("bounds a transaction, and is idle when all of it is done", async () => {
    const { log, group, work } = recorded();
    const done: string[] = [];
    for (let i = 0; i < 300; i++) void group.add(work(String(i))).then((name) => done.push(name));
    await group.idle();
    expect(done).toHaveLength(300);
    expect(log.filter((line) => line === "commit")).toHaveLength(2);
  });
});
