import { DomainError, reasonName } from "@countersign/service-kit";

/** The reason that a call ends with; "none" when it succeeds. Other errors pass. */
export async function reasonOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return "none";
  } catch (error) {
    if (error instanceof DomainError) return reasonName(error.reason);
    throw error;
  }
}
