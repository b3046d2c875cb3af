/** Whether nothing comes after this state. */
export function isEnd(state: string): boolean {
  return ["SUCCEEDED", "FAILED", "REJECTED", "EXPIRED"].includes(state);
}
