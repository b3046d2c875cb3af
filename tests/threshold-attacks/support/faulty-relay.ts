// A relay in a process of its own that kills itself while it answers, when it is told to. The only argument is a
// RelayPlan.
import { flushCompileCache } from "node:module";
import { createApp } from "@countersign/server/app.ts";
import { loadRelayConfig } from "@countersign/server/config/config.ts";
import { Fault } from "../../signer/crash/support/fault.ts";
import { watchIo } from "../../signer/crash/support/watched-io.ts";
import type { AttackPoint, RelayPlan } from "./attack-plan.ts";
import { obeyArming } from "./faulty-process.ts";

process.on("disconnect", () => process.exit());
const { flags } = JSON.parse(process.argv[2] ?? "") as RelayPlan;
const fault = new Fault<AttackPoint>();
watchIo(fault, "the relay, while it answers");

const app = await createApp(loadRelayConfig({ env: {}, flags }).config);
flushCompileCache();
obeyArming(fault, app.address);
