import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { PauseLevel, PauseMode, type PauseSchema } from "@countersign/gen/countersign/admin/v1/pause_pb.ts";
import type { Pause } from "../../ledger/protection-types.ts";

export function pauseMessage(pause: Pause): MessageInitShape<typeof PauseSchema> {
  const { id, target, reason, author } = pause;
  return {
    id,
    level: PauseLevel[pause.level],
    target,
    mode: PauseMode[pause.mode],
    reason,
    author,
    createTime: timestampFromDate(pause.createdAt),
  };
}
