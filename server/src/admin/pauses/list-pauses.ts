import type { MessageInitShape } from "@bufbuild/protobuf";
import type { ListPausesResponseSchema } from "@countersign/gen/countersign/admin/v1/pause_pb.ts";
import type { AdminContext } from "../admin-context.ts";
import { pauseMessage } from "./pause-message.ts";

export function listPauses({ ledger }: AdminContext) {
  return async (): Promise<MessageInitShape<typeof ListPausesResponseSchema>> => {
    const [{ pauses }, open] = await Promise.all([ledger.snapshot(), ledger.countOpen()]);
    const ordered = pauses.toSorted((a, b) => a.createdAt.getTime() - b.createdAt.getTime());
    return { pauses: ordered.map(pauseMessage), openSubmissions: BigInt(open) };
  };
}
