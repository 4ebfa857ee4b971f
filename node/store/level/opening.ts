/**
 * Opens LevelDB only if it is ours alone, of a known version, and holds everything that was ever
 * acknowledged.
 */
import { mkdir, realpath } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Level } from 'level';
import { GeoError } from '../../../protocol/errors.ts';
import { inspectStoreFiles, storeDamaged } from '../damage/damage.ts';
import { decodeCount } from '../records.ts';
import { checkVersion, VERSION_KEY, versionStamp } from '../version.ts';
import { AcknowledgedMark, readAcknowledged } from './acknowledged.ts';
import { isLocked, openFailed, storeInUse } from './faults.ts';
import { type Database, readChecked } from './reading.ts';
import { withChecksum } from './value.ts';

/** Counts batches; written in each of them. Decimal ASCII digits. */
export const BATCH_NUMBER_KEY = 'meta/batches';

export interface Opening {
  /** Absolute, without symbolic links. */
  readonly directory: string;
  readonly db: Database;
  readonly acknowledged: AcknowledgedMark;
  /** Number of the newest batch in the store. */
  readonly batchNumber: number;
  /** Lets this process open the directory again; call once the database is closed. */
  release(): void;
}

// LevelDB's own lock is the operating system's and holds between processes; within one process a
// second attempt would even release it (POSIX fcntl locks go with any descriptor of the file).
const openHere = new Set<string>();

/** Errors: see `openLevelStore`. */
export async function openOwned(directory: string, mustExist: boolean): Promise<Opening> {
  const path = await prepareDirectory(resolve(directory), mustExist);
  if (openHere.has(path)) throw storeInUse(path);
  openHere.add(path);
  const release = () => void openHere.delete(path);
  try {
    return { ...(await openPrepared(path, mustExist)), directory: path, release };
  } catch (error) {
    release();
    throw error;
  }
}

async function prepareDirectory(directory: string, mustExist: boolean): Promise<string> {
  try {
    if (!mustExist) await mkdir(directory, { recursive: true, mode: 0o700 });
    return await realpath(directory);
  } catch (error) {
    if (mustExist) throw noStore(directory);
    throw openFailed(directory, error);
  }
}

async function openPrepared(
  directory: string,
  mustExist: boolean,
): Promise<Omit<Opening, 'directory' | 'release'>> {
  if (await isOwned(directory)) throw storeInUse(directory);
  const { acknowledged, present } = await inspect(directory);
  if (mustExist && !present) throw noStore(directory);

  const db = await openDatabase(directory, !present);
  try {
    const batchNumber = await checkContent(db, directory, acknowledged);
    return { db, batchNumber, acknowledged: await AcknowledgedMark.open(directory, batchNumber) };
  } catch (error) {
    await db.close();
    throw error instanceof GeoError ? error : openFailed(directory, error);
  }
}

interface Inspection {
  readonly acknowledged: number | undefined;
  readonly present: boolean;
}

async function inspect(directory: string): Promise<Inspection> {
  try {
    const acknowledged = await readAcknowledged(directory);
    const present = (await inspectStoreFiles(directory)) === 'present';
    if (!present && acknowledged !== undefined) {
      throw storeDamaged(directory, 'its files are missing');
    }
    return { acknowledged, present };
  } catch (error) {
    // Somebody may have opened it since we looked; then what we read was in motion, not damaged.
    if (await isOwned(directory)) throw storeInUse(directory);
    throw error instanceof GeoError ? error : openFailed(directory, error);
  }
}

/**
 * Asks LevelDB for its lock and nothing more: told that the store must neither exist nor be made, it
 * gives up right after taking the lock, with no file of the store touched.
 */
async function isOwned(directory: string): Promise<boolean> {
  const probe = new Level(directory);
  try {
    await probe.open({ createIfMissing: false, errorIfExists: true });
  } catch (error) {
    return isLocked(error);
  }
  await probe.close();
  return false;
}

/**
 * Twice LevelDB's default. Records lie all over the key range, since most are named by a hash, and every
 * buffer that fills up is merged with what is there: larger ones halve that work (docs/PERFORMANCE.md).
 * The log is as long, and an opening reads it whole.
 */
const WRITE_BUFFER_BYTES = 8 * 1024 * 1024;

async function openDatabase(directory: string, create: boolean): Promise<Database> {
  const db: Database = new Level<string, Uint8Array>(directory, {
    valueEncoding: 'view',
    // Most of the content is hashes and signatures, and plain blocks can be checked (damage-table.ts).
    compression: false,
    writeBufferSize: WRITE_BUFFER_BYTES,
  });
  try {
    await db.open({ createIfMissing: create, errorIfExists: create });
    return db;
  } catch (error) {
    throw openFailed(directory, error);
  }
}

/**
 * Checks the version and that no acknowledged batch is missing; stamps a store that is new.
 * @param acknowledged number of a batch that must be there; undefined for a store that may be new
 * @returns the number of the newest batch
 */
export async function checkContent(
  db: Database,
  directory: string,
  acknowledged: number | undefined,
): Promise<number> {
  const version = readChecked(db, directory, VERSION_KEY);
  if (version === undefined) {
    const isEmpty = (await db.keys({ limit: 1 }).all()).length === 0;
    // An opening that was cut off before it stamped the store has promised nothing to anyone.
    if (acknowledged !== undefined || !isEmpty) {
      throw storeDamaged(directory, 'its version is missing');
    }
    const stamp = withChecksum(VERSION_KEY, versionStamp());
    await db.batch([{ type: 'put', key: VERSION_KEY, value: stamp }], { sync: true });
    return 0;
  }
  checkVersion(directory, version);

  const counted = readChecked(db, directory, BATCH_NUMBER_KEY);
  const batchNumber = counted === undefined ? 0 : decodeCount(counted);
  if (acknowledged !== undefined && !(batchNumber >= acknowledged)) {
    throw storeDamaged(
      directory,
      `it ends with write ${batchNumber}, although write ${acknowledged} had been acknowledged`,
    );
  }
  return batchNumber;
}

function noStore(directory: string): GeoError {
  return new GeoError('E008', `There is no store in ${directory}. Run \`geo init\` first.`, {
    fault: 'no_store',
    directory,
  });
}
