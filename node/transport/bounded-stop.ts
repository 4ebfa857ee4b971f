/** Stopping in bounded time, whatever peers do. */

/** What of a libp2p host is needed to stop it. */
interface Stoppable {
  stop(): void | Promise<void>;
  getConnections(): readonly { abort(error: Error): void }[];
}

/**
 * Connections are closed in order; two peers that stop at once may wait for each other without end. After
 * `ms` what is still open is broken off, and after as long again it is not waited for any more.
 */
export async function stopHost(host: Stoppable, ms: number): Promise<void> {
  const stopping = Promise.resolve(host.stop());
  stopping.catch(() => undefined);
  await withinMs(ms, stopping);
  for (const connection of host.getConnections()) connection.abort(new Error('the node stops'));
  await withinMs(ms, stopping);
}

/** Resolves with the work, or without it after `ms`; rejects as the work does. */
export async function withinMs(ms: number, work: Promise<void>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  try {
    await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}
