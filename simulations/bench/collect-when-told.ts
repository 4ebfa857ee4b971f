/** Preloaded (`node --import`) into a daemon that is measured: collects garbage when its supervisor says so. */
import { COLLECT, collectGarbage } from './collect.ts';

process.on('message', (message) => {
  if (message !== COLLECT) return;
  collectGarbage();
  process.send?.(COLLECT);
});
// The channel alone must not keep a process alive whose node has stopped.
process.channel?.unref();
