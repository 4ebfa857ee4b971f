/**
 * Reads from LevelDB's MANIFEST which files the store consists of and how long each table is.
 *
 * LevelDB itself notices a missing table, but neither a table cut short nor a missing log.
 *
 * Format (LevelDB, db/version_edit.cc): each log record is a list of `varint tag | fields`; numbers are
 * varints, keys are `varint length | bytes`.
 */
import { Cursor } from './cursor.ts';
import { readLog } from './log.ts';

export interface LiveFiles {
  /** Number of the log that holds the newest writes; 0 if there is none yet. */
  readonly logNumber: number;
  /** Table number → bytes. */
  readonly tables: ReadonlyMap<number, number>;
}

/**
 * @throws LogFault, RangeError if the manifest is damaged
 */
export function readManifest(file: Uint8Array): LiveFiles {
  let logNumber = 0;
  const tables = new Map<number, number>();
  for (const record of readLog(file).records) {
    const cursor = new Cursor(record);
    while (!cursor.atEnd()) {
      const tag = cursor.varint();
      switch (tag) {
        case 1: // name of the comparator
          cursor.string();
          break;
        case 2:
          logNumber = cursor.varint();
          break;
        case 3: // next file number
        case 4: // last sequence
        case 9: // previous log, no longer used
          cursor.varint();
          break;
        case 5: // where the next compaction of a level begins
          cursor.varint();
          cursor.string();
          break;
        case 6: {
          cursor.varint(); // level
          tables.delete(cursor.varint());
          break;
        }
        case 7: {
          cursor.varint(); // level
          const number = cursor.varint();
          tables.set(number, cursor.varint());
          cursor.string(); // smallest key
          cursor.string(); // largest key
          break;
        }
        default:
          throw new RangeError(`unknown tag ${tag}`);
      }
    }
  }
  return { logNumber, tables };
}
