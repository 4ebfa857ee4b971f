/**
 * `ACKNOWLEDGED`, a small file beside LevelDB's own: the number of the newest batch that was reported as
 * durable. A store whose newest batch has a lower number has lost something, for example the end of its
 * log, which LevelDB's format cannot tell from a write that never finished.
 *
 * It is overwritten in place after each batch, without a sync of its own. So it can lag behind the store
 * after a power cut, is exact when only the process died, and is never ahead of what was promised.
 *
 * Content: 16 decimal digits.
 */
import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isErrno, PUBLIC_FILE_MODE, writeFileAtomically } from '../../platform/files.ts';

const NAME = 'ACKNOWLEDGED';
const DIGITS = 16; // of Number.MAX_SAFE_INTEGER

/** At least this many batches were acknowledged; undefined if no opening was ever completed. */
export async function readAcknowledged(directory: string): Promise<number | undefined> {
  let text: string;
  try {
    text = await readFile(join(directory, NAME), 'latin1');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
  // An unreadable number proves nothing against a store that is whole in itself.
  return /^\d{16}$/.test(text) ? Number(text) : 0;
}

export class AcknowledgedMark {
  readonly #file: number;

  private constructor(file: number) {
    this.#file = file;
  }

  /** Makes the file durable; `number` is that of the newest batch in the store. */
  static async open(directory: string, number: number): Promise<AcknowledgedMark> {
    const path = join(directory, NAME);
    await writeFileAtomically(path, digits(number), { mode: PUBLIC_FILE_MODE });
    return new AcknowledgedMark(openSync(path, 'r+'));
  }

  /** Takes some microseconds, since it goes no farther than the page cache. */
  set(number: number): void {
    try {
      writeSync(this.#file, digits(number), 0, 'latin1');
    } catch {
      // A mark that lags behind is still true; the batch itself has succeeded.
    }
  }

  close(): void {
    try {
      fsyncSync(this.#file);
    } catch {
      // As above.
    }
    closeSync(this.#file);
  }
}

function digits(number: number): string {
  return String(number).padStart(DIGITS, '0');
}
