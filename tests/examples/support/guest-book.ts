import { JsonRpcProvider } from "near-api-js";

/** What stands in the guest book, as the chain's own contract tells it. */
export async function guestBook(rpcUrl: string): Promise<{ sender: string; text: string }[]> {
  const provider = new JsonRpcProvider({ url: rpcUrl });
  const answer = await provider.callFunction({
    contractId: "guest-book.test",
    method: "get_messages",
    args: {},
  });
  return (answer as { sender: string; text: string }[]).map(({ sender, text }) => ({ sender, text }));
}
