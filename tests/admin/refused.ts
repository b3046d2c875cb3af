import { errorFromConnect, reasonName } from "@countersign/service-kit";

/** The name of the reason that a call is refused with, and its message. */
export async function refusalOf(call: Promise<unknown>): Promise<{ reason: string; message: string }> {
  const error: unknown = await call.then(
    () => {
      throw new Error("the call should have failed");
    },
    (e: unknown) => e,
  );
  const { reason, message } = errorFromConnect(error);
  return { reason: reason === undefined ? "NONE" : reasonName(reason), message };
}

/** The name of the reason that a call is refused with. */
export async function reasonFor(call: Promise<unknown>): Promise<string> {
  return (await refusalOf(call)).reason;
}
