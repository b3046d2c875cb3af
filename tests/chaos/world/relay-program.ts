// A relay in a process of its own, which tells where it serves and what happens to its lanes. CHAOS_RELAY has its settings
// by path, as JSON.
import { createApp } from "@countersign/server/app.ts";
import { loadRelayConfig } from "@countersign/server/config/config.ts";
import type { Events } from "@countersign/server/observability/events.ts";
import type { RelayMessage } from "./chaos-relay.ts";

/** What happens too often to be told. */
const UNTOLD: readonly string[] = [
  "rpcFinished",
  "submissionAccepted",
  "submissionTransition",
  "chainCallFailed",
] satisfies (keyof Events)[];

function tell(message: RelayMessage): void {
  process.send?.(message);
}

function told(events: Events): Events {
  const entries = Object.entries(events).map(([name, original]) => {
    const replacement = (event?: { step?: string; error?: unknown }) => {
      (original as (event: unknown) => void)(event);
      if (UNTOLD.includes(name)) return;
      const detail = event?.step ?? (event?.error instanceof Error ? event.error.name : undefined);
      tell({ event: detail === undefined ? name : `${name} ${detail}` });
    };
    return [name, replacement];
  });
  return Object.fromEntries(entries) as Events;
}

process.on("disconnect", () => process.exit());
const flags = JSON.parse(process.env.CHAOS_RELAY ?? "") as Record<string, string>;
const app = await createApp(loadRelayConfig({ env: {}, flags }).config, { events: told });
tell({ serves: app.address });
process.on("SIGTERM", () => void app.stop().then(() => process.exit()));
