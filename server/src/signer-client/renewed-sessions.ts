import type { ClientHttp2Stream } from "node:http2";
import type { Http2SessionManager, NodeHttpClientOptions } from "@connectrpc/connect-node";
import { type PemFiles, type PemIdentity, readPemFiles, samePem } from "@countersign/service-kit";

type SessionManager = ReturnType<
  NonNullable<Extract<NodeHttpClientOptions, { httpVersion: "2" }>["sessionProvider"]>
>;

export interface RenewedSessionsOptions {
  readonly files: PemFiles;
  readonly now: () => Date;
  /** Told once of new files that cannot be used; calls go on with the old ones meanwhile. */
  readonly onBadFiles: (error: Error) => void;
  /** A manager of connections that use this certificate. */
  readonly connect: (identity: PemIdentity) => Http2SessionManager;
}

/** The connections made with one certificate. */
interface Generation {
  readonly identity: PemIdentity;
  readonly sessions: Http2SessionManager;
  /** Calls that run, those included that wait for a connection. */
  running: number;
}

/** The files are looked at again with a call this long after the last time, in milliseconds. */
const LOOK_INTERVAL_MS = 2000;

/**
 * HTTP/2 connections whose certificate is renewed on disk: calls that come use the new one, those that run end on the
 * connection that they are on, and then it is closed.
 */
export class RenewedSessions implements SessionManager {
  readonly authority: string;

  readonly #options: RenewedSessionsOptions;

  #current: Generation;

  readonly #ending = new Set<Generation>();

  #lookedAt: number;

  #reported: string | undefined;

  /** Throws an Error when the files cannot be used. */
  constructor(options: RenewedSessionsOptions) {
    this.#options = options;
    const now = options.now();
    this.#lookedAt = now.getTime();
    this.#current = this.#generation(readPemFiles(options.files, now));
    this.authority = this.#current.sessions.authority;
  }

  async request(...call: Parameters<SessionManager["request"]>): Promise<ClientHttp2Stream> {
    this.#renew();
    const generation = this.#current;
    generation.running += 1;
    try {
      const stream = await generation.sessions.request(...call);
      stream.once("close", () => this.#ended(generation));
      return stream;
    } catch (error) {
      this.#ended(generation);
      throw error;
    }
  }

  notifyResponseByteRead(stream: ClientHttp2Stream): void {
    for (const { sessions } of [this.#current, ...this.#ending]) sessions.notifyResponseByteRead(stream);
  }

  #renew(): void {
    const { files, now, onBadFiles } = this.#options;
    const time = now();
    if (Math.abs(time.getTime() - this.#lookedAt) < LOOK_INTERVAL_MS) return;
    this.#lookedAt = time.getTime();
    try {
      const identity = readPemFiles(files, time);
      this.#reported = undefined;
      if (!samePem(identity, this.#current.identity)) this.#use(identity);
    } catch (error) {
      const { message } = error as Error;
      if (message !== this.#reported) onBadFiles(error as Error);
      this.#reported = message;
    }
  }

  #use(identity: PemIdentity): void {
    const old = this.#current;
    this.#current = this.#generation(identity);
    this.#ending.add(old);
    this.#closeUnused(old);
  }

  #generation(identity: PemIdentity): Generation {
    return { identity, sessions: this.#options.connect(identity), running: 0 };
  }

  #ended(generation: Generation): void {
    generation.running -= 1;
    this.#closeUnused(generation);
  }

  #closeUnused(generation: Generation): void {
    if (generation.running > 0 || !this.#ending.delete(generation)) return;
    generation.sessions.abort();
  }
}
