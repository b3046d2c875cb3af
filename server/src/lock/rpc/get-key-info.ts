import type { HandlerContext } from "@connectrpc/connect";
import type { GetKeyInfoRequest } from "@countersign/gen/countersign/lock/v1/lock_pb.ts";
import { assertServed } from "../admission.ts";
import type { LockContext } from "../lock-context.ts";

export function getKeyInfo(context: LockContext) {
  return async ({ tenant }: GetKeyInfoRequest, call: HandlerContext) => {
    assertServed(context, tenant, call.requestHeader);
    return { keys: [...(await context.keyList.get())] };
  };
}
