import { errorFromConnect, reasonName } from "@countersign/service-kit";

/** "answered", or the name of the reason that the call was refused for. */
export async function outcomeOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return "answered";
  } catch (error) {
    const { reason, message } = errorFromConnect(error);
    return reason === undefined ? message : reasonName(reason);
  }
}
