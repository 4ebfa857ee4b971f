/**
 * Preloaded (`node --import`) into every process of a testnet. Ties the process to its supervisor:
 * whatever becomes of that one, SIGKILL included, the channel between them closes, and the node stops
 * as if it had been asked to.
 */
import { flushCompileCache } from 'node:module';

/** How long a node may take to stop by itself, ms, before its process ends anyway. */
const STOP_MS = 5_000;

process.on('message', (message) => {
  // Node writes its compile cache when a process ends. The first of a testnet is asked to write it
  // as soon as it is up, so that the others start with it.
  if (message === 'flush-compile-cache') flushCompileCache();
});

process.once('disconnect', () => {
  process.kill(process.pid, 'SIGTERM');
  setTimeout(() => process.exit(1), STOP_MS).unref();
});

// The channel alone must not keep a process alive whose node has stopped.
process.channel?.unref();
