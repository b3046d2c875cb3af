import type { MessagePort } from "node:worker_threads";

/** The message after which a thread takes no more. */
export const END = null;

/** In a thread: answers each message until it is told to end. Then the thread ends, once nothing else keeps it. */
export function answerUntilEnd<Job>(port: MessagePort, answer: (job: Job) => unknown): void {
  port.on("message", (job: Job | typeof END) => {
    if (job === END) port.close();
    else answer(job);
  });
}
