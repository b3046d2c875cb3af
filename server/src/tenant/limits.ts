import { fromJsonString, toJsonString } from "@bufbuild/protobuf";
import {
  type Amounts,
  type Limits,
  LimitsSchema,
  type Rate as RateMessage,
} from "@countersign/gen/countersign/admin/v1/limits_pb.ts";
import type { BudgetLimits, BudgetScope } from "../ledger/budget-types.ts";
import type { Rate } from "../shared-state/rate-limiter.ts";

/** What a tenant and its users may use up, and how fast: see Limits in countersign/admin/v1/limits.proto. */
export interface TenantLimits {
  readonly budgets: Readonly<Record<BudgetScope, BudgetLimits>>;
  /** What is absent is the relay's default. */
  readonly rates: { readonly tenant?: Rate; readonly key?: Rate; readonly user?: Rate };
}

/** Of a tenant that has no document of limits: no bounds of its own. */
export const NO_LIMITS: TenantLimits = {
  budgets: { "tenant-day": {}, "tenant-month": {}, "user-day": {}, "user-month": {} },
  rates: {},
};

/** Of a tenant whose document cannot be read: nothing may be spent until it can. */
export const CLOSED_LIMITS: TenantLimits = {
  budgets: { ...NO_LIMITS.budgets, "tenant-day": { accounts: 0n, gas: 0n, deposit: 0n } },
  rates: {},
};

const AMOUNT = /^(0|[1-9][0-9]{0,38})$/;

/** The text that the ledger stores of a document of limits. */
export function limitsText(message: Limits): string {
  return toJsonString(LimitsSchema, message);
}

/** The limits that a stored text states. Throws when it is not one; fields that it does not know are an error too. */
export function limitsFromText(text: string): TenantLimits {
  const { tenantDay, tenantMonth, userDay, userMonth, tenantRate, keyRate, userRate } = fromJsonString(
    LimitsSchema,
    text,
  );
  return {
    budgets: {
      "tenant-day": budget(tenantDay),
      "tenant-month": budget(tenantMonth),
      "user-day": budget(userDay),
      "user-month": budget(userMonth),
    },
    rates: {
      ...(tenantRate === undefined ? {} : { tenant: rate(tenantRate) }),
      ...(keyRate === undefined ? {} : { key: rate(keyRate) }),
      ...(userRate === undefined ? {} : { user: rate(userRate) }),
    },
  };
}

function budget(amounts: Amounts | undefined): BudgetLimits {
  if (amounts === undefined) return {};
  const { accounts, gas, deposit } = amounts;
  return {
    ...(accounts === undefined ? {} : { accounts }),
    ...(gas === undefined ? {} : { gas: amount(gas) }),
    ...(deposit === undefined ? {} : { deposit: amount(deposit) }),
  };
}

function amount(text: string): bigint {
  if (!AMOUNT.test(text)) throw new Error(`"${text}" is not an amount`);
  return BigInt(text);
}

function rate({ perSecond, burst }: RateMessage): Rate {
  if (!(perSecond > 0 && Number.isFinite(perSecond) && burst >= 1)) throw new Error("a rate must be above 0");
  return { perSecond, burst };
}
