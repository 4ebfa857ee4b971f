/**
 * Errors of libp2p that nobody can catch. The muxer greets a new stream in a microtask of its own;
 * if the peer's process dies in that very moment, the greeting throws where no caller stands, and
 * Node would end the daemon for it. A broken stream is the peer's loss, not ours.
 */
import type { Log } from '../ports.ts';

/** Classes of `@libp2p/interface` that say no more than: this stream or connection is gone. */
const GONE = new Set([
  'StreamStateError',
  'StreamResetError',
  'StreamAbortedError',
  'StreamClosedError',
  'ConnectionClosedError',
  'MuxerClosedError',
]);

/** Whether an uncaught error says only that a peer has gone. Anything else is a fault and has to end the process. */
export function isStray(error: unknown): boolean {
  if (!(error instanceof Error) || !GONE.has(error.name)) return false;
  return /[\\/]@(libp2p|chainsafe)[\\/]/.test(error.stack ?? '');
}

/** Logs stray errors instead of dying of them. @returns what takes the guard away again */
export function absorbStrayErrors(log: Log): () => void {
  const absorb = (error: unknown) => {
    if (!isStray(error)) throw error;
    log.warn({ error: String(error) }, 'a stream broke while it was being opened');
  };
  process.on('uncaughtException', absorb);
  return () => process.off('uncaughtException', absorb);
}
