import { StatementSync } from "node:sqlite";
import { Duplex } from "node:stream";
import pg from "pg";
import type { Fault } from "./fault.ts";

/** Puts the fault's points around every commit of this process, and `answering` behind every answer. */
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
  around(Duplex.prototype as { end(chunk: unknown): unknown }, "end", (stream, _, end) => {
    const result = end();
    // Node keeps the class of what a server answers to itself.
    if (stream.constructor.name === "ServerHttp2Stream") fault.at(answering);
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
