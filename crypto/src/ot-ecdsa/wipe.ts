/** Fills every Uint8Array in plain data with zeros, however deep it lies. */
export function wipe(data: unknown): void {
  if (data instanceof Uint8Array) data.fill(0);
  else if (typeof data === "object" && data !== null) Object.values(data).forEach(wipe);
}
