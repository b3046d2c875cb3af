import { setTimeout as delay } from "node:timers/promises";
import type { Disturbance, Track } from "../schedule.ts";
import type { ChaosWorld } from "./chaos-world.ts";

/** Latency of a slow endpoint, in milliseconds. */
const SLOW_MS = 700;

/** Begins a disturbance; the answer ends it. */
async function begin(world: ChaosWorld, disturbance: Disturbance): Promise<() => Promise<void> | void> {
  switch (disturbance.kind) {
    case "kill relay": {
      const relay = world.relays[disturbance.relay];
      await relay?.process.down();
      return () => relay?.process.up();
    }
    case "stop relay": {
      const relay = world.relays[disturbance.relay];
      relay?.process.stop();
      return () => relay?.process.resume();
    }
    case "kill signer":
      await world.signer.process.down();
      return () => world.signer.process.up();
    case "kill redis":
      await world.redis.kill();
      return () => world.redis.start();
    case "freeze redis":
      world.redis.freeze();
      return () => world.redis.thaw();
    case "restart postgres":
      await world.postgres.stop(disturbance.how);
      return () => world.postgres.start();
    case "endpoint fault": {
      const { endpoint, fault: kind, probability } = disturbance;
      const off = world.devnet.endpoints[endpoint]?.faults.add({
        ...{ kind, probability },
        ...(kind === "latency" ? { ms: SLOW_MS } : {}),
      });
      return () => off?.();
    }
    case "endpoint stalls":
      world.devnet.endpoints[disturbance.endpoint]?.head.stall();
      return () => world.devnet.endpoints[disturbance.endpoint]?.head.recover();
    case "endpoint lags":
      world.devnet.endpoints[disturbance.endpoint]?.head.lag(BigInt(disturbance.blocks));
      return () => world.devnet.endpoints[disturbance.endpoint]?.head.recover();
    case "bump nonce": {
      const key = world.keys[disturbance.key];
      if (key !== undefined)
        world.devnet.chain.bumpNonce(key.accountId, key.publicKey, BigInt(disturbance.by));
      return () => undefined;
    }
  }
}

/**
 * Plays all tracks, each at its own pace, until they are over or `signal` aborts; whatever has begun is ended. Where
 * something takes longer than planned, what follows in its track comes later.
 */
export async function disturb(
  world: ChaosWorld,
  tracks: readonly Track[],
  onBegin: (disturbance: Disturbance) => void,
  signal: AbortSignal,
): Promise<void> {
  const start = performance.now();
  const until = (ms: number) =>
    delay(Math.max(0, start + ms - performance.now()), undefined, { signal }).catch(() => undefined);
  await Promise.all(
    tracks.map(async ({ planned }) => {
      for (const { atMs, untilMs, disturbance } of planned) {
        await until(atMs);
        if (signal.aborted) return;
        onBegin(disturbance);
        const end = await begin(world, disturbance);
        await until(untilMs);
        await end();
      }
    }),
  );
}
