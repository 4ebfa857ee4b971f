/**
 * Preloaded (`node --import`) into a daemon: ends its process by SIGKILL exactly before or after the
 * write that a test has named. Nothing of the daemon is changed but the moment of its death.
 *
 * The test arms it by a file `crash-point.json` in the home directory: `{ key, when }`, where `key`
 * is a regular expression for a key of the batch and `when` is `before` or `after` the sync. The
 * file is gone once it has been understood, and the process dies at the first batch that fits.
 */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Level } from 'level';

export interface CrashPoint {
  readonly key: string;
  readonly when: 'before' | 'after';
}

type Batch = readonly { readonly key: string }[];

const home = process.argv[process.argv.indexOf('--home') + 1] ?? '.';
const file = join(home, 'crash-point.json');
let armed: CrashPoint | undefined;

function look(): void {
  if (!existsSync(file)) return;
  armed = JSON.parse(readFileSync(file, 'utf8')) as CrashPoint;
  rmSync(file);
}

function die(): Promise<never> {
  process.kill(process.pid, 'SIGKILL');
  // The signal may take a moment; nothing may happen in it.
  return new Promise(() => undefined);
}

const level = Level.prototype as unknown as {
  batch(this: object, batch: Batch, options: object): Promise<void>;
};
const write = level.batch;
level.batch = async function (batch, options) {
  look();
  const { key, when } = armed ?? {};
  const fits = key !== undefined && batch.some((op) => new RegExp(key).test(op.key));
  if (fits && when === 'before') return die();
  await write.call(this, batch, options);
  if (fits) return die();
};
