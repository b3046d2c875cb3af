import type { DecodedRequest, RequestContext } from "@countersign/web/guest";
import { element } from "../ui/element.ts";
import { Status } from "../ui/status.ts";
import type { WalletApp } from "../wallet-app.ts";
import { dialog } from "./dialog.ts";
import type { Question } from "./run-embedded.ts";

/** Signs in again where the session has ended since the application was connected. */
export function ensureOpen(
  { wallet }: WalletApp,
  { accountId }: DecodedRequest,
  { origin, signal }: RequestContext,
): Question<boolean> {
  if (wallet.user !== undefined) return { element: element("div"), answer: Promise.resolve(true) };
  const status = new Status();
  return dialog<boolean>({
    title: "Sign in to go on",
    origin,
    content: [
      element("p", {}, `You are signed out. The application asks for something of ${accountId}.`),
      status.element,
    ],
    agree: { label: "Use my passkey" },
    agreed: async () => {
      status.pending("Confirm with your passkey…");
      try {
        await wallet.signIn({ accountId }, { signal });
        return true;
      } catch (error) {
        status.failed(error);
        return undefined;
      }
    },
    rejected: false,
    signal,
  });
}
