import { existsSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { JobThread } from "./job-thread.ts";
import { JobThreads } from "./job-threads.ts";

/** A thread's program: it says what it was told, ends the thread at "end", or when it is asked to. */
const PROGRAM = `
  const { parentPort } = require("node:worker_threads");
  parentPort.on("message", (job) => {
    if (job === null) return parentPort.close();
    if (job.say === "end") process.exit(0);
    parentPort.postMessage({ said: job.say, bytes: job.bytes.length, env: process.env });
  });
`;

interface Job {
  readonly say: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

interface Answer {
  readonly said: string;
  readonly bytes: number;
  readonly env: object;
}

async function program(): Promise<URL> {
  const folder = await mkdtemp(join(tmpdir(), "countersign-threads-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  writeFileSync(join(folder, "program.cjs"), PROGRAM);
  return pathToFileURL(join(folder, "program.cjs"));
}

async function threads(): Promise<JobThreads<Job, Answer>> {
  const options = {
    script: await program(),
    memoryOf: ({ bytes }: Job) => [bytes.buffer],
    wipe: ({ bytes }: Job) => void bytes.fill(0),
  };
  const opened = new JobThreads<Job, Answer>(options);
  onTestFinished(() => opened.close());
  return opened;
}

const job = (say: string): Job => ({ say, bytes: Uint8Array.of(1, 2, 3) });

test("each job gets its answer, its bytes move to the thread, and the thread has no environment", async () => {
  const work = await threads();
  const jobs = ["a", "b", "c", "d"].map(job);
  const answers = await Promise.all(jobs.map((one) => work.run(one)));
  expect(answers).toEqual(["a", "b", "c", "d"].map((said) => ({ said, bytes: 3, env: {} })));
  expect(jobs.map(({ bytes }) => bytes.length)).toEqual([0, 0, 0, 0]);
});

test("a job whose thread ends fails, and the next one gets another thread", async () => {
  const work = await threads();
  await expect(work.run(job("end"))).rejects.toThrow("the thread ended");
  expect(await work.run(job("a"))).toMatchObject({ said: "a" });
});

test("what waits when they are closed is refused and wiped, and so is what comes later", async () => {
  const work = await threads();
  const jobs = Array.from({ length: 20 }, () => job("a"));
  const outcomes = jobs.map((one) => work.run(one).then(() => "done", String));
  expect(work.waiting).toBeGreaterThan(0);
  const last = jobs.at(-1) as Job;
  await work.close();
  expect((await Promise.all(outcomes)).at(-1)).toBe("Error: the threads are closed");
  expect([...last.bytes]).toEqual([0, 0, 0]);
  const late = job("late");
  await expect(work.run(late)).rejects.toThrow("the threads are closed");
  expect([...late.bytes]).toEqual([0, 0, 0]);
});

test("a thread that has ended says so", async () => {
  const thread = new JobThread<Job, Answer>(await program());
  const answer = thread.run(job("a"), []);
  expect(thread.isBusy).toBe(true);
  await thread.end();
  expect(await answer).toMatchObject({ said: "a" });
  expect(thread).toMatchObject({ hasEnded: true, isBusy: false });
});

/** It waits for a module with `await`, and is busy for a while when it runs itself: V8 aborts when it is terminated then. */
const LOADING = `
  import "./waited-for.mjs";
  import { writeFileSync } from "node:fs";
  import { parentPort } from "node:worker_threads";
  const started = new URL("started", import.meta.url);
  const loaded = new URL("loaded", import.meta.url);
  writeFileSync(started, "");
  const until = performance.now() + 300;
  while (performance.now() < until);
  writeFileSync(loaded, "");
  parentPort.on("message", () => parentPort.close());
`;

test("a thread that is still loading ends when it has loaded, and not the process with it", async () => {
  const folder = await mkdtemp(join(tmpdir(), "countersign-threads-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  writeFileSync(join(folder, "waited-for.mjs"), "await new Promise(setImmediate);");
  writeFileSync(join(folder, "program.mjs"), LOADING);
  const thread = new JobThread(pathToFileURL(join(folder, "program.mjs")));
  await expect.poll(() => existsSync(join(folder, "started")), { timeout: 20_000, interval: 5 }).toBe(true);
  await thread.end();
  expect(existsSync(join(folder, "loaded"))).toBe(true);
  expect(thread.hasEnded).toBe(true);
});
