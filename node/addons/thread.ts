/**
 * The thread of one add-on, as the node starts it (`worker_threads`): no environment, memory up to a
 * bound, its own module loader. Whatever happens in it ends with it and not with the node.
 */
import { Worker } from 'node:worker_threads';
import type { AddonThread, AddonThreadListener, AddonThreads, Log } from '../ports.ts';
import { locateAddon } from './locate.ts';

const MIB = 1_024 * 1_024;
/** Beside the objects: short-lived ones. */
const YOUNG_MIB = 4;
const PRINTED_MAX = 1_000;
// A published package carries compiled files.
const SOURCE = import.meta.url.endsWith('.ts')
  ? new URL('./worker.ts', import.meta.url)
  : new URL('./worker.js', import.meta.url);

/** @param home where files and packages are looked for */
export function addonThreads(home: string, log: Log): AddonThreads {
  return {
    locate: (use) => locateAddon(use, home),
    start: ({ heapBytesMax }, listener) => startThread(heapBytesMax, listener, log),
  };
}

function startThread(heapBytesMax: number, listener: AddonThreadListener, log: Log): AddonThread {
  const worker = new Worker(SOURCE, {
    // What is in the environment is not its business: passphrases, say.
    env: {},
    execArgv: [],
    stdout: true,
    stderr: true,
    resourceLimits: {
      maxOldGenerationSizeMb: Math.ceil(heapBytesMax / MIB),
      maxYoungGenerationSizeMb: YOUNG_MIB,
    },
  });
  let reason = 'the thread ended by itself';
  worker.on('message', (message: unknown) => listener.message(message));
  worker.on('error', (error: unknown) => {
    reason = error instanceof Error ? error.message : String(error);
  });
  worker.on('exit', () => listener.ended(reason));
  for (const stream of [worker.stdout, worker.stderr]) {
    stream.on('data', (bytes: Buffer) => {
      log.debug({ text: String(bytes).slice(0, PRINTED_MAX) }, 'printed by an add-on');
    });
  }
  // The daemon ends when its own work is done.
  worker.unref();
  return {
    send: (message) => worker.postMessage(message),
    end: async () => {
      await worker.terminate();
    },
  };
}
