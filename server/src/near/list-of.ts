import * as z from "zod";

/**
 * An array of what a schema takes. Reading ends with the first element that it does not take: an answer of millions that are
 * wrong costs no more than one of as many that are right.
 */
export function listOf<S extends z.ZodType>(schema: S) {
  return z.array(z.unknown()).transform((elements, context) => {
    const read: z.output<S>[] = [];
    for (const element of elements) {
      const parsed = schema.safeParse(element);
      if (!parsed.success) {
        context.addIssue("an element has another shape");
        return z.NEVER;
      }
      read.push(parsed.data);
    }
    return read;
  });
}
