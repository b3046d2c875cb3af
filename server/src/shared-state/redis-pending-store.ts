import type { PendingStore } from "./pending-store.ts";
import { RedisConnection, type RedisSettings } from "./redis-connection.ts";

const KEY_PREFIX = "{countersign}:pending:";

/** In Redis, for all replicas. Taking is one GETDEL: of any number of takers one gets the value. */
export class RedisPendingStore implements PendingStore {
  readonly #connection: RedisConnection;

  constructor(settings: RedisSettings) {
    this.#connection = new RedisConnection(settings);
  }

  async put(key: string, value: string, ttlMs: number): Promise<void> {
    await this.#connection.ask((redis) => redis.set(KEY_PREFIX + key, value, "PX", ttlMs));
  }

  /** When the answer is lost, so is the value. */
  async take(key: string): Promise<string | undefined> {
    return (await this.#connection.ask((redis) => redis.getdel(KEY_PREFIX + key))) ?? undefined;
  }

  async close(): Promise<void> {
    this.#connection.close();
  }
}
