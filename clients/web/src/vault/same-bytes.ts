/** Whether both are the same. Of public bytes: it takes as long as they have in common. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
