import { ConnectError } from "@connectrpc/connect";
import { ErrorInfoSchema } from "@countersign/gen/google/rpc/error_details_pb.ts";

/** The reason that a call over the wire ends with; "none" when it succeeds. */
export async function callReason(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return "none";
  } catch (error) {
    return ConnectError.from(error).findDetails(ErrorInfoSchema)[0]?.reason ?? String(error);
  }
}
