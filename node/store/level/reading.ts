/** Reads from LevelDB, every value compared with its checksum. */
import type { Level } from 'level';
import { GeoError } from '../../../protocol/errors.ts';
import type { ScanRange } from '../../ports.ts';
import { storeDamaged } from '../damage/damage.ts';
import { isNotOpen, readFailed } from './faults.ts';
import { withoutChecksum } from './value.ts';

export type Database = Level<string, Uint8Array>;

/** Entries fetched from LevelDB at once by a scan, unless {@link SCAN_BYTES} is reached first. */
const SCAN_ENTRIES = 1000;
const SCAN_BYTES = 256 * 1024;

/** @throws GeoError E010 `store_damaged`; LevelDB's own error if it cannot read */
export function readChecked(db: Database, directory: string, key: string): Uint8Array | undefined {
  const stored = db.getSync(key);
  return stored === undefined ? undefined : checked(directory, key, stored);
}

/**
 * The entries of a range as they are when the first one is asked for.
 * @throws GeoError E010 `store_damaged`, `store_unreadable`; LevelDB's own error if it is not open
 */
export async function* entries(
  db: Database,
  directory: string,
  range: Partial<ScanRange>,
): AsyncGenerator<readonly [string, Uint8Array]> {
  try {
    await using iterator = db.iterator({ ...range, highWaterMarkBytes: SCAN_BYTES });
    for (;;) {
      const chunk = await iterator.nextv(SCAN_ENTRIES);
      if (chunk.length === 0) return;
      for (const [key, stored] of chunk) yield [key, checked(directory, key, stored)];
    }
  } catch (error) {
    if (error instanceof GeoError) throw error;
    throw isNotOpen(error) ? error : readFailed(directory, error);
  }
}

function checked(directory: string, key: string, stored: Uint8Array): Uint8Array {
  const value = withoutChecksum(key, stored);
  if (value === undefined) {
    throw storeDamaged(directory, `the entry "${key}" differs from what was written`);
  }
  return value;
}
