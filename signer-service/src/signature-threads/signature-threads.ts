import type { KeyObject } from "node:crypto";
import { availableParallelism } from "node:os";
import type { SignatureAnswer, SignatureJob, SpkiKey } from "./signature-job.ts";
import { SignatureThread, type WaitingJob } from "./signature-thread.ts";

/** One for each core, the event loop's too: it often waits for them. */
const THREADS = Math.min(4, availableParallelism());

/** Started with the first job; one that has ended is started again. */
let threads: SignatureThread[] = [];
let gathered: WaitingJob[] = [];

/**
 * Signs with an Ed25519 key on another thread. All that is asked for in one turn of the event loop goes there together:
 * node:crypto's own asynchronous sign and verify wake a thread for each, which costs the event loop as much as signing.
 */
export async function signEd25519(key: KeyObject, data: Uint8Array): Promise<Uint8Array> {
  const answer = await done({ key, data: copied(data) });
  if (answer instanceof Uint8Array) return answer;
  throw new Error(typeof answer === "object" ? answer.failure : "a signature thread gave no signature");
}

/** Whether it is the key's signature over the data (RFC 8032); what cannot be read is none. On another thread, too. */
export async function verifyEd25519(
  key: KeyObject | SpkiKey,
  data: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  return (await done({ key, data: copied(data), signature: copied(signature) })) === true;
}

function done(job: SignatureJob): Promise<SignatureAnswer> {
  return new Promise((resolve, reject) => {
    // The callbacks of all sockets and threads that are readable now add their jobs first.
    if (gathered.length === 0) setImmediate(share);
    gathered.push({ job, resolve, reject });
  });
}

/** Gives the threads as much as each other. */
function share(): void {
  const jobs = gathered;
  gathered = [];
  const size = Math.ceil(jobs.length / THREADS);
  for (let i = 0; i < jobs.length; i += size) idlest().post(jobs.slice(i, i + size));
}

function idlest(): SignatureThread {
  threads = threads.filter(({ hasEnded }) => !hasEnded);
  const idle = threads.find(({ outstanding }) => outstanding === 0);
  if (idle !== undefined) return idle;
  if (threads.length < THREADS) {
    const started = new SignatureThread();
    threads.push(started);
    return started;
  }
  return threads.reduce((least, one) => (one.outstanding < least.outstanding ? one : least));
}

/** The bytes may be part of a whole request, all of which would be copied to the thread. */
function copied(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}
