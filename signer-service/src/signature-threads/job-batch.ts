import type { KeyObject } from "node:crypto";
import type { SignatureAnswer, SignatureJob } from "./signature-job.ts";

/**
 * Jobs on their way to a thread. Whatever is an object in a message costs both sides time, so there are few: the keys of
 * all jobs, each once, and the bytes of all jobs one after another.
 */
export interface JobBatch {
  readonly keys: readonly KeyObject[];
  /**
   * Four numbers of each job: where its private key is among `keys` (NO_KEY if it only verifies), and the lengths of its
   * data, its public key and its signature.
   */
  readonly heads: Int32Array;
  readonly bytes: Uint8Array;
}

/** What comes back for a batch, in the order of its jobs. */
export interface AnswerBatch {
  /** One of VERDICT for each job. */
  readonly verdicts: Uint8Array;
  /** Those that were made. */
  readonly signatures: Uint8Array;
  readonly failures: readonly string[];
}

/** Numbers that a job has in `heads`. */
const HEAD = 4;
const NO_KEY = -1;
/** Bytes of an Ed25519 signature. */
const SIGNATURE_BYTES = 64;
const VERDICT = { no: 0, yes: 1, made: 2, failed: 3 } as const;
const NO_BYTES = new Uint8Array();

export function packJobs(jobs: readonly SignatureJob[]): JobBatch {
  const keys: KeyObject[] = [];
  const placeOf = (key: KeyObject) => {
    const place = keys.indexOf(key);
    return place === -1 ? keys.push(key) - 1 : place;
  };
  const heads = new Int32Array(jobs.length * HEAD);
  const parts: Uint8Array[] = [];
  for (const [i, job] of jobs.entries()) {
    const { data, signature = NO_BYTES } = job;
    const key = job.signature === undefined ? placeOf(job.keys.privateKey) : NO_KEY;
    const publicKey = job.signature === undefined ? job.keys.publicKey : job.publicKey;
    heads.set([key, data.length, publicKey.length, signature.length], i * HEAD);
    parts.push(data, publicKey, signature);
  }
  return { keys, heads, bytes: joined(parts) };
}

/** The jobs of a batch, whose bytes they are views of. */
export function unpackJobs({ keys, heads, bytes }: JobBatch): SignatureJob[] {
  const take = takeFrom(bytes);
  return Array.from({ length: heads.length / HEAD }, (_, i): SignatureJob => {
    const [key = NO_KEY, ...lengths] = heads.subarray(i * HEAD, (i + 1) * HEAD);
    const [data, publicKey, signature] = [take(lengths[0]), take(lengths[1]), take(lengths[2])];
    const privateKey = keys[key];
    return privateKey === undefined
      ? { data, publicKey, signature }
      : { data, keys: { privateKey, publicKey } };
  });
}

export function packAnswers(answers: readonly SignatureAnswer[]): AnswerBatch {
  return {
    verdicts: Uint8Array.from(answers, verdictOn),
    signatures: joined(answers.filter((answer) => answer instanceof Uint8Array)),
    failures: answers.flatMap((answer) => (isFailure(answer) ? [answer.failure] : [])),
  };
}

export function unpackAnswers({ verdicts, signatures, failures }: AnswerBatch): SignatureAnswer[] {
  const take = takeFrom(signatures);
  const failed = failures.values();
  return Array.from(verdicts, (verdict): SignatureAnswer => {
    // A copy: whoever keeps one signature shall not keep all of them.
    if (verdict === VERDICT.made) return take(SIGNATURE_BYTES).slice();
    if (verdict === VERDICT.failed) return { failure: failed.next().value ?? "" };
    return verdict === VERDICT.yes;
  });
}

function verdictOn(answer: SignatureAnswer): number {
  if (answer instanceof Uint8Array) return VERDICT.made;
  if (isFailure(answer)) return VERDICT.failed;
  return answer ? VERDICT.yes : VERDICT.no;
}

function isFailure(answer: SignatureAnswer): answer is { readonly failure: string } {
  return typeof answer === "object" && "failure" in answer;
}

/** Not of Buffer's pool: a message copies all of the memory that its bytes are a part of. */
function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Gives so many of the bytes that it has not given yet. */
function takeFrom(bytes: Uint8Array): (length: number | undefined) => Uint8Array {
  let at = 0;
  return (length = 0) => {
    at += length;
    return bytes.subarray(at - length, at);
  };
}
