import type { EcdsaWallet } from "../../signer/threshold-ecdsa/support/ecdsa-client.ts";

/** A call of PresignStep. */
export type FlightCall = ReturnType<EcdsaWallet["presignStepRequest"]>;
/** A message as the contract has it. */
export type SentMessage = FlightCall["request"]["messages"][number];

/** The same call with other messages. */
export function withMessages(call: FlightCall, messages: readonly SentMessage[]): FlightCall {
  return { ...call, request: { ...call.request, messages: [...messages] } };
}

/** As good as the call itself: the order within a flight is free. */
export function reordered(call: FlightCall): FlightCall {
  return withMessages(call, call.request.messages.toReversed());
}

/** The message with a byte changed, counted from its beginning or, below zero, from its end. */
export function withByteChanged(message: SentMessage, at: number): SentMessage {
  const data = Uint8Array.from(message.data);
  const place = at < 0 ? data.length + at : at;
  data[place] = (data[place] ?? 0) ^ 1;
  return { ...message, data };
}

/** With the last byte of every message changed: no step takes that. */
export function withBytesChanged(call: FlightCall): FlightCall {
  return withMessages(
    call,
    call.request.messages.map((message) => withByteChanged(message, -1)),
  );
}
