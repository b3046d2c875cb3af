const TIME_DIGITS = 9;
const RANDOM_BYTES = 4;

/** Names operations; the key that one makes is named after it. */
export interface OperationName {
  readonly id: string;
  /** Ends the new key's id: 17 characters. Those of later operations sort later. */
  readonly short: string;
}

export function operationName(now: Date, randomBytes: (length: number) => Uint8Array): OperationName {
  const time = now.getTime().toString(36).padStart(TIME_DIGITS, "0");
  const short = time + Buffer.from(randomBytes(RANDOM_BYTES)).toString("hex");
  return { id: `kop_${short}`, short };
}
