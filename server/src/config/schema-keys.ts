/** Every key that a schema knows, at any depth: what its example has to explain. */
export function keysOf(schema: unknown): string[] {
  if (typeof schema !== "object" || schema === null || !("def" in schema)) return [];
  const def = schema.def as Record<string, unknown>;
  const shape = (def.shape ?? {}) as Record<string, unknown>;
  const inner = [def.innerType, def.element, def.in].flatMap(keysOf);
  return [...inner, ...Object.entries(shape).flatMap(([key, field]) => [key, ...keysOf(field)])];
}
