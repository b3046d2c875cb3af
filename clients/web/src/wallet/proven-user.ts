import { Code } from "@connectrpc/connect";
import type { SignedIn } from "@countersign/gen/countersign/session/v1/session_pb.ts";
import { CountersignError } from "../countersign-error.ts";
import { untrue } from "./wallet-errors.ts";

/** Somebody else than the user who is signed in has touched a passkey. */
export function otherUser(): CountersignError {
  return new CountersignError("this passkey is another user's", {
    reason: "UNSPECIFIED",
    code: Code.PermissionDenied,
  });
}

/** What a sign-in answered. Throws CountersignError (DATA_LOSS) when it names no user. */
export function proved(
  signedIn: SignedIn | undefined,
): SignedIn & { readonly user: NonNullable<SignedIn["user"]> } {
  const user = signedIn?.user;
  if (signedIn === undefined || user === undefined) throw untrue("UNSPECIFIED", "the relay named no user");
  return { ...signedIn, user };
}
