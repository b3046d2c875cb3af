// A relay in a process of its own that ends, or stops, itself at a chosen event. The only argument is a Plan.
import { flushCompileCache } from "node:module";
import { createApp } from "@countersign/server/app.ts";
import { loadRelayConfig } from "@countersign/server/config/config.ts";
import type { Events } from "@countersign/server/observability/events.ts";
import type { Message, Plan } from "./plan.ts";

const plan = JSON.parse(process.argv[2] ?? "") as Plan;
let seen = 0;
let stopped = false;

function tell(message: Message): void {
  process.send?.(message);
}

function onEvent(event: string, to: string | undefined): void {
  seen += 1;
  const where = to === undefined ? event : `${event}:${to}`;
  if (where === plan.dieAt) process.kill(process.pid, "SIGKILL");
  if (seen === plan.dieAfter?.events) {
    const { ms } = plan.dieAfter;
    if (ms === 0) process.kill(process.pid, "SIGKILL");
    else setTimeout(() => process.kill(process.pid, "SIGKILL"), ms);
  }
  tell({ event, to });
  if (where === plan.stopAt && !stopped) {
    stopped = true;
    process.kill(process.pid, "SIGSTOP");
  }
}

function watched(events: Events): Events {
  const names = Object.keys(events) as (keyof Events)[];
  return Object.fromEntries(
    names.map((name) => {
      const original = events[name] as (event: unknown) => void;
      const replacement = (event: { to?: string }) => {
        original(event);
        onEvent(name, event.to);
      };
      return [name, replacement];
    }),
  ) as unknown as Events;
}

process.on("disconnect", () => process.exit());
const app = await createApp(loadRelayConfig({ env: {}, flags: plan.flags }).config, { events: watched });
// A killed process leaves no cache behind, and the next one starts slowly.
flushCompileCache();
tell({ event: "serves", address: app.address });
process.on("SIGTERM", () => void app.stop().then(() => process.exit()));
