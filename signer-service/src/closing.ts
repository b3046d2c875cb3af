/** A step of closing something down. */
type Step = () => unknown;

/** Does every step, one after the other, whatever becomes of those before it. Throws the first failure at the end. */
export async function closeInOrder(steps: readonly Step[]): Promise<void> {
  const failures: unknown[] = [];
  for (const step of steps) {
    try {
      await step();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}

/** Begins every step at once, and ends when all have ended. Throws a failure then. */
export async function closeTogether(steps: readonly Step[]): Promise<void> {
  const ended = await Promise.allSettled(steps.map(async (step) => step()));
  const failure = ended.find((result) => result.status === "rejected");
  if (failure !== undefined) throw failure.reason;
}
