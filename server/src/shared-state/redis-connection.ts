import { setTimeout as sleep } from "node:timers/promises";
import type { Secret } from "@countersign/service-kit";
import { Redis, type RedisOptions } from "ioredis";

export interface RedisSettings {
  /** A `redis://` or `rediss://` URL; it may hold a password. */
  readonly url: Secret<string>;
  /** A call that Redis does not answer within this many milliseconds has failed. */
  readonly timeoutMs: number;
}

/** A connection that is silent for this many milliseconds, while an answer is due, is given up; none before its calls are. */
const SILENT_MS = 2_000;
const CONNECT_MS = 2_000;
const MAX_RECONNECT_MS = 1_000;

/** A connection to Redis 6.2 or later. Connects, and connects again, by itself. */
export class RedisConnection {
  readonly #redis: Redis;
  /** Until the first connection stands, or has failed, or takes too long to wait for. */
  readonly #opened: Promise<unknown>;
  readonly #timeoutMs: number;
  /** Why there is no connection. */
  #connectionError: Error | undefined;

  constructor({ url, timeoutMs }: RedisSettings, options: Pick<RedisOptions, "scripts"> = {}) {
    this.#timeoutMs = timeoutMs;
    this.#redis = new Redis(url.reveal(), {
      ...options,
      lazyConnect: true,
      connectTimeout: CONNECT_MS,
      socketTimeout: Math.max(SILENT_MS, timeoutMs),
      retryStrategy: (times) => Math.min(times * 100, MAX_RECONNECT_MS),
      // After a failover the old primary still answers, but takes no writes.
      reconnectOnError: ({ message }) => message.startsWith("READONLY"),
      // A call is answered now or it has failed; whoever asked has another answer by then.
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      // It logs to the console when INFO is not permitted. A server that is loading refuses each call anyway.
      enableReadyCheck: false,
      disableClientInfo: true,
    });
    // Without a listener ioredis logs to the console.
    this.#redis.on("error", (error: Error) => {
      this.#connectionError = error;
    });
    this.#redis.on("ready", () => {
      this.#connectionError = undefined;
    });
    this.#opened = Promise.race([
      this.#redis.connect().catch(() => {}),
      sleep(timeoutMs, undefined, { ref: false }),
    ]);
  }

  /** Runs a command. Throws when Redis does not answer; what it throws holds no secret. */
  async ask<T>(command: (redis: Redis) => Promise<T>): Promise<T> {
    await this.#opened;
    try {
      return await inTime(command(this.#redis), this.#timeoutMs);
    } catch (error) {
      throw this.#failure(error);
    }
  }

  close(): void {
    this.#redis.disconnect();
  }

  /** ioredis puts the command with its arguments into its errors: at the start of a connection, the password. */
  #failure(error: unknown): Error {
    if (this.#redis.status !== "ready") {
      return new Error(`no connection to Redis: ${this.#connectionError?.message ?? this.#redis.status}`);
    }
    return new Error(`Redis does not answer: ${error instanceof Error ? error.message : "unknown error"}`);
  }
}

/**
 * Gives up after that many milliseconds, but reads first what has arrived by then: when this process was busy for so long, its
 * timers run before its sockets are read, and Redis is not to blame.
 */
async function inTime<T>(answer: Promise<T>, timeoutMs: number): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const giveUp = () => reject(new Error(`nothing within ${timeoutMs} ms`));
  const timer = setTimeout(() => setImmediate(giveUp), timeoutMs);
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
