/**
 * Preloaded (`node --import`) into a daemon: its disk is full while the file `disk-full` lies in the
 * home directory. Every batch then fails as LevelDB's do when the system says ENOSPC.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Level } from 'level';

const home = process.argv[process.argv.indexOf('--home') + 1] ?? '.';
const file = join(home, 'disk-full');

const level = Level.prototype as unknown as {
  batch(this: object, ...args: unknown[]): Promise<void>;
};
const write = level.batch;
level.batch = async function (...args) {
  if (!existsSync(file)) return write.apply(this, args);
  const cause = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
  throw Object.assign(new Error('IO error', { cause }), { code: 'LEVEL_IO_ERROR' });
};
