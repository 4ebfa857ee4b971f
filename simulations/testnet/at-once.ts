/** Doing many things a few at a time, and waiting for things to become so. */

/**
 * Runs `work` for every item, in order, at most `limit` of them at a time. After a failure no
 * further item is begun, and it rejects with the first failure once those under way have ended.
 */
export async function atOnce<Item>(
  limit: number,
  items: Iterable<Item>,
  work: (item: Item) => Promise<unknown>,
): Promise<void> {
  const queue = items[Symbol.iterator]();
  const failures: unknown[] = [];
  const drain = async (): Promise<void> => {
    while (failures.length === 0) {
      const next = queue.next();
      if (next.done) return;
      try {
        await work(next.value);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: limit }, drain));
  if (failures.length > 0) throw failures[0];
}

/**
 * Asks again every `pollMs` until the answer is no longer undefined.
 * @returns the answer, or undefined if there was none within `boundMs`
 */
export async function eventually<Answer>(
  boundMs: number,
  pollMs: number,
  ask: () => Promise<Answer | undefined>,
): Promise<Answer | undefined> {
  const deadline = performance.now() + boundMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined || performance.now() >= deadline) return answer;
    await pause(pollMs);
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
