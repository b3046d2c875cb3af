import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  GetLimitsRequest,
  GetLimitsResponseSchema,
} from "@countersign/gen/countersign/admin/v1/limits_pb.ts";
import type { AdminContext } from "../admin-context.ts";
import { findTenant } from "../find-tenant.ts";
import { limitsVersionMessage } from "./limits-version-message.ts";

export function getLimits({ ledger, now }: AdminContext) {
  return async ({ tenant }: GetLimitsRequest): Promise<MessageInitShape<typeof GetLimitsResponseSchema>> => {
    await findTenant(ledger, tenant);
    const [document, used] = await Promise.all([
      ledger.getDocument(tenant, "limits"),
      ledger.budgetUse(tenant, now()),
    ]);
    return {
      limits: limitsVersionMessage(tenant, document),
      used: used.map(({ period, used: { accounts, gas, deposit } }) => ({
        period,
        used: { accounts, gas: gas.toString(), deposit: deposit.toString() },
      })),
    };
  };
}
