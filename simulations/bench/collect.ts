/** Collects garbage now, so that what memory figures show is in use. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** The word that asks a process with `collect-when-told.ts` for it; answered by the same. */
export const COLLECT = 'collect-garbage';

export function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
}
