/**
 * Keeps a daemon small. Most of what a fresh process holds is rubbish of its start: modules read,
 * types stripped, code compiled. V8 keeps that memory until it is pressed; a node that then idles
 * for weeks would carry it all the time.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Collections that code must have outlived unused before V8 drops its compiled form; V8's own choice. */
const CODE_AGE = 6;

/** Once, when everything is loaded and running: gives back what only the start needed. Takes about 0.2 s. */
export function releaseStartupMemory(): void {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect !== 'function') return;
  // The first collection marks as old what ran at the start only, the second drops it.
  setFlagsFromString('--bytecode-old-age=1');
  for (let round = 0; round < 2; round++) {
    collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
  }
  setFlagsFromString(`--bytecode-old-age=${CODE_AGE}`);
}
