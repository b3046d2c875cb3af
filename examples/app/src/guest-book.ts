/** A message of the guest book. */
export interface GuestBookMessage {
  readonly sender: string;
  readonly text: string;
}

/** The guest book's messages, the latest first, as the contract tells them. */
export async function readGuestBook(nearUrl: string, contract: string): Promise<readonly GuestBookMessage[]> {
  const params = {
    request_type: "call_function",
    finality: "optimistic",
    account_id: contract,
    method_name: "get_messages",
    args_base64: btoa("{}"),
  };
  const { result } = await rpc(nearUrl, "query", params);
  const bytes = Uint8Array.from((result as { result: number[] }).result);
  const messages = JSON.parse(new TextDecoder().decode(bytes)) as GuestBookMessage[];
  return messages.reverse();
}

async function rpc(url: string, method: string, params: object): Promise<{ readonly result: unknown }> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: "1", method, params }),
  });
  if (!response.ok) throw new Error(`NEAR answered with ${response.status}`);
  return response.json();
}
