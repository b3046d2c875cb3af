/** An event of Chromium's trace format, as far as it is read here. Times in microseconds. */
interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts?: number;
  /** Of the clock on the wall. */
  readonly dur?: number;
  /** Of the thread's CPU time. */
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}

/** What a thread did, in milliseconds. */
interface ThreadTasks {
  readonly tasks: number;
  /** CPU time of all tasks. */
  readonly cpuMs: number;
  /** The longest task by the clock: other programs may have had the core meanwhile. */
  readonly longestMs: number;
  /** The longest task by CPU time. */
  readonly longestCpuMs: number;
}

/** The threads of a page with one worker. */
export interface PageThreads {
  readonly page: ThreadTasks;
  readonly worker: ThreadTasks;
}

/** Categories of the events that are read. */
export const TRACE_CATEGORIES = ["toplevel", "__metadata"];

const TASK = "ThreadControllerImpl::RunTask";
const PAGE_THREAD = "CrRendererMain";
const WORKER_THREAD = "DedicatedWorker thread";

/** Reads a trace of the process that has a worker. Throws an Error when there is no such process, or it did nothing. */
export function threadsOfPage(trace: string): PageThreads {
  const { traceEvents } = JSON.parse(trace) as { readonly traceEvents: readonly TraceEvent[] };
  const names = traceEvents.filter(({ ph, name }) => ph === "M" && name === "thread_name");
  const worker = names.find(({ args }) => args?.name === WORKER_THREAD);
  const page = names.find(({ args, pid }) => args?.name === PAGE_THREAD && pid === worker?.pid);
  if (worker === undefined || page === undefined) throw new Error("the trace has no page with a worker");
  return { page: tasksOf(traceEvents, page), worker: tasksOf(traceEvents, worker) };
}

/** Outermost tasks alone: a task may run others. */
function tasksOf(events: readonly TraceEvent[], thread: Pick<TraceEvent, "pid" | "tid">): ThreadTasks {
  const all = events
    .filter(
      ({ name, ph, pid, tid }) => name === TASK && ph === "X" && pid === thread.pid && tid === thread.tid,
    )
    .map(({ ts = 0, dur = 0, tdur = 0 }) => ({ begins: ts, ends: ts + dur, dur, tdur }))
    .sort((a, b) => a.begins - b.begins || b.ends - a.ends);
  let end = Number.NEGATIVE_INFINITY;
  const outermost = all.filter(({ begins, ends }) => {
    if (begins < end) return false;
    end = ends;
    return true;
  });
  if (outermost.length === 0) throw new Error("the trace has no tasks of a thread");
  const most = (of: (task: (typeof all)[number]) => number) =>
    outermost.reduce((longest, task) => Math.max(longest, of(task)), 0) / 1000;
  return {
    tasks: outermost.length,
    cpuMs: outermost.reduce((sum, { tdur }) => sum + tdur, 0) / 1000,
    longestMs: most(({ dur }) => dur),
    longestCpuMs: most(({ tdur }) => tdur),
  };
}
