import { expect, test } from "vitest";
import { threadsOfPage } from "./chromium-trace.ts";

const named = (pid: number, tid: number, name: string) => ({
  ...{ ph: "M", name: "thread_name", pid, tid },
  args: { name },
});
/** Times in milliseconds. */
const task = (pid: number, tid: number, begins: number, took: number, cpu: number) => ({
  ...{ ph: "X", name: "ThreadControllerImpl::RunTask", pid, tid },
  ...{ ts: begins * 1000, dur: took * 1000, tdur: cpu * 1000 },
});
const trace = (...traceEvents: readonly object[]) => JSON.stringify({ traceEvents });

const threads = [
  named(1, 1, "CrRendererMain"),
  named(2, 1, "CrRendererMain"),
  named(2, 7, "DedicatedWorker thread"),
];

test("a page's tasks are those of the process that has the worker, a task within a task is no task of its own", () => {
  const events = [
    ...threads,
    task(1, 1, 0, 900, 900),
    task(2, 1, 10, 20, 5),
    task(2, 1, 12, 5, 4),
    task(2, 1, 40, 8, 6),
    task(2, 7, 0, 300, 250),
    { ...task(2, 1, 60, 500, 500), name: "another event" },
  ];
  expect(threadsOfPage(trace(...events))).toEqual({
    page: { tasks: 2, cpuMs: 11, longestMs: 20, longestCpuMs: 6 },
    worker: { tasks: 1, cpuMs: 250, longestMs: 300, longestCpuMs: 250 },
  });
});

test("a trace in which there is no worker, or none of its tasks, is refused: it would look fast", () => {
  expect(() => threadsOfPage(trace(...threads.slice(0, 2)))).toThrow("no page with a worker");
  expect(() => threadsOfPage(trace(...threads, task(2, 1, 0, 1, 1)))).toThrow("no tasks");
});
