import { Http2ServerResponse } from "node:http2";
import { StatementSync } from "node:sqlite";
import pg from "pg";
import type { Fault } from "./fault.ts";

/** Puts the fault's points around every commit of this process, and `answering` behind the first bytes of every answer. */
export function watchIo<Point extends string>(fault: Fault<Point>, answering: Point): void {
  around(StatementSync.prototype, "run", (statement, _, run) => {
    if (statement.sourceSQL !== "commit") return run();
    fault.beforeCommit();
    const result = run();
    fault.afterCommit();
    return result;
  });
  around(pg.Client.prototype as { query(text: unknown): unknown }, "query", (_, [text], query) => {
    if (text !== "commit") return query();
    fault.beforeCommit();
    const result = query();
    fault.afterCommit();
    return result;
  });
  around(Http2ServerResponse.prototype as { write(chunk: unknown): boolean }, "write", (_, __, write) => {
    const result = write();
    fault.at(answering);
    return result;
  });
}

/** Runs `action` in place of a method; its last argument runs the method as it was called. */
function around<T extends object, K extends keyof T>(
  prototype: T,
  name: K,
  action: (self: T, parameters: readonly unknown[], run: () => unknown) => unknown,
): void {
  const original = prototype[name] as (...parameters: unknown[]) => unknown;
  const replacement = function (this: T, ...parameters: unknown[]) {
    return action(this, parameters, () => original.apply(this, parameters));
  };
  Object.defineProperty(prototype, name, { value: replacement, configurable: true, writable: true });
}
