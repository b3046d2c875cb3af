import { availableParallelism } from "node:os";
import type { KeyPair, SignatureAnswer, SignatureJob } from "./signature-job.ts";
import { SignatureThread, type WaitingJob } from "./signature-thread.ts";

/** One for each core, the event loop's too: it often waits for them. */
const THREADS = Math.min(4, availableParallelism());
/**
 * Most jobs that go to a thread together: a few milliseconds of work. Their answers come together, too, so that what waits
 * for some of them goes on while the thread does the next.
 */
const MAX_BATCH = 32;

/** Started with the first job; one that has ended is started again. */
let threads: SignatureThread[] = [];
/** Checks of calls that have not begun, and then what calls wait for that have. */
const checks: WaitingJob[] = [];
const others: WaitingJob[] = [];
let isSharing = false;

/**
 * Signs with an Ed25519 key on another thread, which verifies what it made: undefined when that is no signature of the
 * public key. What is asked for in one turn of the event loop goes there together: node:crypto's own asynchronous sign and
 * verify wake a thread for each, which costs the event loop as much as signing.
 */
export async function signEd25519(keys: KeyPair, data: Uint8Array): Promise<Uint8Array | undefined> {
  const answer = await done({ keys, data }, others);
  if (answer instanceof Uint8Array) return answer;
  if (typeof answer === "object") throw new Error(answer.failure);
  return undefined;
}

/**
 * Whether it is the signature of the key (32 bytes) over the data (RFC 8032); what cannot be read is none. On another thread, too, and
 * before what is to be signed: a call begins with it.
 */
export async function verifyEd25519(
  publicKey: Uint8Array,
  data: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  return (await done({ publicKey, data, signature }, checks)) === true;
}

function done(job: SignatureJob, queue: WaitingJob[]): Promise<SignatureAnswer> {
  return new Promise((resolve, reject) => {
    queue.push({ job, resolve, reject });
    if (isSharing) return;
    isSharing = true;
    // The callbacks of all sockets and threads that are readable now add their jobs first.
    setImmediate(share);
  });
}

/**
 * Gives the threads what waits, as far as they have room. To wake a thread costs as much as a good part of a signature, so
 * a few jobs wait for more of them while a thread has few itself: it will soon be done.
 */
function share(): void {
  isSharing = false;
  threads = threads.filter(({ hasEnded }) => !hasEnded);
  for (let waiting = checks.length + others.length; waiting > 0; waiting = checks.length + others.length) {
    if (isFew(waiting) && threads.some(({ outstanding }) => isFew(outstanding))) return;
    const thread = withRoom();
    if (thread === undefined) return;
    // Half of a batch is left to calls that have begun, however many come.
    const jobs = checks.splice(0, Math.max(MAX_BATCH / 2, MAX_BATCH - others.length));
    thread.post([...jobs, ...others.splice(0, MAX_BATCH - jobs.length)]);
  }
}

function isFew(jobs: number): boolean {
  return jobs > 0 && jobs < MAX_BATCH;
}

function withRoom(): SignatureThread | undefined {
  const idle = threads.find(({ outstanding }) => outstanding === 0);
  if (idle !== undefined) return idle;
  if (threads.length === THREADS) return threads.find(({ hasRoom }) => hasRoom);
  const started = new SignatureThread(share);
  threads.push(started);
  return started;
}
