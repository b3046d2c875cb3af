/** How long the other endpoints are waited for after the first has answered, in milliseconds. */
const OTHERS_MS = 500;

/**
 * Asks several endpoints at once. Gives the answers of those that are not much slower than the first; at least one. Throws
 * what the first of them failed with when none answers.
 */
export async function answersOfAll<T>(
  endpoints: readonly number[],
  ask: (endpoint: number) => Promise<T>,
): Promise<T[]> {
  const answers: T[] = [];
  const asked = endpoints.map(async (endpoint) => {
    answers.push(await ask(endpoint));
  });
  const all = Promise.allSettled(asked);
  try {
    await Promise.any(asked);
  } catch (error) {
    throw error instanceof AggregateError ? error.errors[0] : error;
  }
  let timer: NodeJS.Timeout | undefined;
  const enough = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, OTHERS_MS);
  });
  await Promise.race([all, enough]);
  clearTimeout(timer);
  return [...answers];
}
