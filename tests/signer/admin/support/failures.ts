import type { Code } from "@connectrpc/connect";
import type { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { errorFromConnect } from "@countersign/service-kit";

/** Code, reason and message of a call that must fail. */
export async function failureOf(
  call: Promise<unknown>,
): Promise<{ code: Code; reason: ErrorReason | undefined; message: string }> {
  const error = await call.then(
    () => {
      throw new Error("the call succeeded");
    },
    (failure: unknown) => failure,
  );
  const { code, reason } = errorFromConnect(error);
  return { code, reason, message: (error as Error).message };
}
