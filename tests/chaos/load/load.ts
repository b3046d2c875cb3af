import { setTimeout as delay } from "node:timers/promises";
import { seededRandom } from "../../support/seeded-random.ts";
import { keyHeaders } from "../../support/tenants.ts";
import { TestWallet } from "../../support/test-wallet.ts";
import type { Call } from "../history.ts";
import type { ChaosRelay } from "../world/chaos-relay.ts";
import { askSurely } from "./asking.ts";
import { nextCall, type PlannedCall, plain, type Situation } from "./calls.ts";
import { LOAD_TENANTS, type LoadTenant } from "./tenants.ts";

/** Of the callers, every fifth keeps an order of its tenant's over two wallets. */
const ORDERING_EVERY = 5;

export interface LoadOptions {
  readonly seed: number;
  readonly callers: number;
  /** Calls a second of all callers together; 0 for as many as are answered. */
  readonly rate: number;
  /** Only calls that are sure to be taken on. */
  readonly plainOnly: boolean;
  readonly relays: readonly ChaosRelay[];
  readonly height: () => bigint;
  /** No new call is begun after this. */
  readonly stop: AbortSignal;
  /** No call is repeated after this. */
  readonly giveUp: AbortSignal;
  readonly onCall: (call: Call) => void;
}

interface Caller {
  readonly index: number;
  readonly tenant: LoadTenant;
  readonly wallets: readonly TestWallet[];
  readonly orderingKey: string;
}

/** The callers, and the wallets that must be on the chain for them. */
export interface LoadPlan {
  readonly callers: readonly Caller[];
  readonly wallets: readonly TestWallet[];
}

export function planLoad(count: number): LoadPlan {
  const callers = Array.from({ length: count }, (_, index): Caller => {
    const keepsOrder = index % ORDERING_EVERY === ORDERING_EVERY - 1;
    const names = keepsOrder ? [`wallet-${index}a.test`, `wallet-${index}b.test`] : [`wallet-${index}.test`];
    const tenant = LOAD_TENANTS[index % LOAD_TENANTS.length];
    if (tenant === undefined) throw new Error("a load without tenants");
    const wallets = names.map((name) => new TestWallet(name));
    return { index, tenant, wallets, orderingKey: keepsOrder ? `order-${index}` : "" };
  });
  return { callers, wallets: callers.flatMap(({ wallets }) => wallets) };
}

/** Has every caller make one call after the other until `stop`, and wait for the last one's answer. */
export async function runLoad({ callers }: LoadPlan, options: LoadOptions): Promise<void> {
  await Promise.all(callers.map((caller) => makeCalls(caller, options)));
}

async function makeCalls(caller: Caller, options: LoadOptions): Promise<void> {
  const { seed, rate, callers, plainOnly, height, stop, onCall } = options;
  const { tenant, wallets, orderingKey } = caller;
  const random = seededRandom(seed * 1_000_003 + caller.index);
  let repeatable: PlannedCall | undefined;
  for (let n = 0; !stop.aborted; n++) {
    // Half to one and a half times its share of the time.
    const pauseMs = rate === 0 ? 0 : ((0.5 + random()) * callers * 1_000) / rate;
    if (pauseMs > 0) await delay(pauseMs, undefined, { signal: stop }).catch(() => undefined);
    if (stop.aborted) return;
    const wallet = wallets[n % wallets.length];
    if (wallet === undefined) throw new Error("a caller without a wallet");
    const here: Situation = {
      ...{ random, wallet, orderingKey },
      name: `c${caller.index}-${n}`,
      height: height(),
      tenant: tenant.name,
    };
    const call = await (plainOnly ? plain(here) : nextCall(here));
    const made = async (planned: PlannedCall) => {
      const done = await make(planned, caller, options, Math.floor(random() * 2));
      onCall(done);
      return done;
    };
    const [done] = await Promise.all([
      made(call),
      // Now and then it is sent twice at once, as by an impatient user.
      ...(!plainOnly && random() < 0.05 ? [made({ ...call, order: null })] : []),
    ]);
    if (plainOnly) continue;
    const again = random();
    if (repeatable !== undefined && again < 0.05) await made({ ...repeatable, order: null });
    else if (repeatable !== undefined && again < 0.08) await made(await otherBody(repeatable, here));
    const hasKey = call.method === "SubmitDelegate" && call.idempotencyKey !== "";
    if (hasKey && done.end.kind === "accepted") repeatable = call;
  }
}

/** Another call under the key of one that was accepted. */
async function otherBody({ idempotencyKey }: PlannedCall, here: Situation): Promise<PlannedCall> {
  const other = await plain({ ...here, name: idempotencyKey });
  return { ...other, order: null, meant: "refusal", mayBeRefused: ["IDEMPOTENCY_KEY_REUSED"] };
}

async function make(
  planned: PlannedCall,
  { tenant }: Caller,
  { relays, giveUp }: LoadOptions,
  first: number,
): Promise<Call> {
  const headers = keyHeaders(tenant.key);
  const { once, ...call } = planned;
  const clients = relays.map((relay) => () => relay.client(headers));
  const asked = await askSurely(clients, first, once, giveUp);
  const refusals = tenant.isBounded ? ["BUDGET_EXHAUSTED"] : [];
  return { ...call, ...asked, tenant: tenant.name, mayBeRefused: [...call.mayBeRefused, ...refusals] };
}
