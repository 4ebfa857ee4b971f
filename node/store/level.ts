/**
 * The store on disk: LevelDB, by the npm package `level`.
 *
 * What this adapter adds to LevelDB, and why (docs/decisions/0004-store.md):
 * - one batch in flight; writes that arrive meanwhile join the next one, so an fsync is shared;
 * - after a failed write the database is opened anew before the next one, because LevelDB's log would
 *   otherwise be misaligned and later writes, though acknowledged, unreadable;
 * - files are inspected before an opening and values carry a checksum, because LevelDB skips what it
 *   cannot read.
 */
import { mkdir, open, realpath, rm, statfs } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Level } from 'level';
import { GeoError } from '../../protocol/errors.ts';
import type { ScanRange, Store, StoreOp } from '../ports.ts';
import { inspectStoreFiles, storeDamaged } from './damage.ts';
import {
  isLocked,
  isNotOpen,
  openFailed,
  readFailed,
  storeInUse,
  writeFailed,
} from './level-faults.ts';
import { type LastEnd, markClosed, markOpened, readMarks } from './level-marks.ts';
import { withChecksum, withoutChecksum } from './level-value.ts';
import { checkVersion, VERSION_KEY, versionStamp } from './version.ts';

type Database = Level<string, Uint8Array>;

/** Entries fetched from LevelDB at once by a scan, unless {@link SCAN_BYTES} is reached first. */
const SCAN_ENTRIES = 1000;
const SCAN_BYTES = 256 * 1024;
/** Before reopening, this much must be writable: LevelDB then turns its log into a table. */
const REOPEN_BYTES = 8 * 1024 * 1024;

export interface LevelStoreOptions {
  /** Refuse (E008 `no_store`) instead of making a new, empty store. Default false. */
  readonly mustExist?: boolean;
}

export interface LevelStore extends Store {
  readonly directory: string;
  /** How the last user of the store left it; after `crashed`, every entry has been read and checked. */
  readonly lastEnd: LastEnd;
}

// LevelDB's own lock is the operating system's and holds between processes; within one process a
// second attempt would even release it (POSIX fcntl locks go with any descriptor of the file).
const openHere = new Set<string>();

/**
 * Opens the store in `directory`, making it if need be.
 * @throws GeoError E008 `store_in_use`, `store_too_new`, `no_store`;
 *   E010 `store_damaged`, `store_unreadable`, `store_write_failed`
 */
export async function openLevelStore(
  directory: string,
  options: LevelStoreOptions = {},
): Promise<LevelStore> {
  const path = await prepareDirectory(resolve(directory), options.mustExist ?? false);
  if (openHere.has(path)) throw storeInUse(path);
  openHere.add(path);
  try {
    return await openPrepared(path, options.mustExist ?? false);
  } catch (error) {
    openHere.delete(path);
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

async function openPrepared(directory: string, mustExist: boolean): Promise<LevelStore> {
  if (await isOwned(directory)) throw storeInUse(directory);
  const { lastEnd, present } = await inspect(directory);
  if (mustExist && !present) throw noStore(directory);

  const db = await openDatabase(directory, !present);
  try {
    await checkContent(db, directory, lastEnd);
    const opening = await markOpened(directory);
    return new LevelDbStore(directory, db, opening, lastEnd);
  } catch (error) {
    await db.close();
    throw error instanceof GeoError ? error : openFailed(directory, error);
  }
}

async function inspect(directory: string): Promise<{ lastEnd: LastEnd; present: boolean }> {
  try {
    const lastEnd = await readMarks(directory);
    const present = (await inspectStoreFiles(directory)) === 'present';
    if (!present && lastEnd !== 'new') throw storeDamaged(directory, 'its files are missing');
    return { lastEnd, present };
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

async function openDatabase(directory: string, create: boolean): Promise<Database> {
  const db: Database = new Level<string, Uint8Array>(directory, { valueEncoding: 'view' });
  try {
    await db.open({ createIfMissing: create, errorIfExists: create });
    return db;
  } catch (error) {
    throw openFailed(directory, error);
  }
}

async function checkContent(db: Database, directory: string, lastEnd: LastEnd): Promise<void> {
  const stored = db.getSync(VERSION_KEY);
  if (stored !== undefined) {
    checkVersion(directory, checked(directory, VERSION_KEY, stored));
    if (lastEnd !== 'clean') await readEverything(db, directory);
    return;
  }
  const isEmpty = (await db.keys({ limit: 1 }).all()).length === 0;
  // An opening that was cut off before it stamped the store has promised nothing to anyone.
  if (lastEnd !== 'new' || !isEmpty) throw storeDamaged(directory, 'its version is missing');
  const stamp = withChecksum(VERSION_KEY, versionStamp());
  await db.batch([{ type: 'put', key: VERSION_KEY, value: stamp }], { sync: true });
}

async function readEverything(db: Database, directory: string): Promise<void> {
  for await (const _entry of entries(db, directory, {})) {
    // Reading is the check: each value is compared with its checksum.
  }
}

function checked(directory: string, key: string, stored: Uint8Array): Uint8Array {
  const value = withoutChecksum(key, stored);
  if (value === undefined) {
    throw storeDamaged(directory, `the entry "${key}" differs from what was written`);
  }
  return value;
}

async function* entries(
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

function noStore(directory: string): GeoError {
  return new GeoError('E008', `There is no store in ${directory}. Run \`geo init\` first.`, {
    fault: 'no_store',
    directory,
  });
}

interface PendingWrite {
  readonly ops: readonly StoreOp[];
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

class LevelDbStore implements LevelStore {
  readonly directory: string;
  readonly lastEnd: LastEnd;
  readonly #opening: string;
  #db: Database;
  #pending: PendingWrite[] = [];
  #writing: Promise<void> | undefined;
  /** A write failed: the log may end in a fragment, so LevelDB must not append to it. */
  #mustReopen = false;
  #closing: Promise<void> | undefined;

  constructor(directory: string, db: Database, opening: string, lastEnd: LastEnd) {
    this.directory = directory;
    this.lastEnd = lastEnd;
    this.#db = db;
    this.#opening = opening;
  }

  get(key: string): Uint8Array | undefined {
    let stored: Uint8Array | undefined;
    try {
      stored = this.#db.getSync(key);
    } catch (error) {
      throw this.#readError(error);
    }
    return stored === undefined ? undefined : checked(this.directory, key, stored);
  }

  async *scan(range: ScanRange): AsyncGenerator<readonly [string, Uint8Array]> {
    try {
      yield* entries(this.#db, this.directory, range);
    } catch (error) {
      throw this.#readError(error);
    }
  }

  write(ops: readonly StoreOp[]): Promise<void> {
    if (this.#closing !== undefined) return Promise.reject(this.#closed());
    return new Promise((resolve, reject) => {
      this.#pending.push({ ops, resolve, reject });
      this.#writing ??= this.#writePending();
    });
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #writePending(): Promise<void> {
    while (this.#pending.length > 0) {
      const writes = this.#pending;
      this.#pending = [];
      try {
        await this.#writeBatch(writes.flatMap(({ ops }) => ops));
        for (const write of writes) write.resolve();
      } catch (error) {
        for (const write of writes) write.reject(error);
      }
    }
    this.#writing = undefined;
  }

  async #writeBatch(ops: readonly StoreOp[]): Promise<void> {
    if (this.#mustReopen) await this.#reopen();
    const batch = ops.map((op) =>
      op.type === 'put' ? { ...op, value: withChecksum(op.key, op.value) } : op,
    );
    try {
      await this.#db.batch(batch, { sync: true });
    } catch (error) {
      this.#mustReopen = true;
      throw writeFailed(this.directory, error);
    }
  }

  /**
   * Closes LevelDB and opens it again, which replays the log up to the last whole record and starts a
   * new one. Reads still work until there is room for that; then they fail for some milliseconds.
   */
  async #reopen(): Promise<void> {
    try {
      await proveWritable(join(this.directory, 'reopen.draft'));
      await this.#db.close();
      await this.#db.open({ createIfMissing: false, errorIfExists: false });
    } catch (error) {
      throw openFailed(this.directory, error);
    }
    this.#mustReopen = false;
  }

  async #close(): Promise<void> {
    await this.#writing;
    await this.#db.close();
    try {
      await markClosed(this.directory, this.#opening);
    } catch {
      // Without the mark the next opening checks everything, as after a crash; nothing is lost.
    } finally {
      openHere.delete(this.directory);
    }
  }

  #readError(error: unknown): unknown {
    if (error instanceof GeoError) return error;
    if (!isNotOpen(error)) return readFailed(this.directory, error);
    if (this.#closing !== undefined) return this.#closed();
    return new GeoError(
      'E010',
      `The store in ${this.directory} is being opened again after a failed write. Try again in a moment.`,
      { fault: 'store_reopening', directory: this.directory },
      { cause: error },
    );
  }

  #closed(): GeoError {
    return new GeoError('E008', `The store in ${this.directory} has been closed.`, {
      fault: 'store_closed',
      directory: this.directory,
    });
  }
}

/**
 * Writes and syncs {@link REOPEN_BYTES}, then removes them. Free space alone proves little: quotas,
 * limits on the process and faulty disks show only when something is written.
 * Rejects with the system's error.
 */
async function proveWritable(path: string): Promise<void> {
  const { bavail, bsize } = await statfs(dirname(path));
  if (bavail * bsize < REOPEN_BYTES) {
    throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
  }
  try {
    const file = await open(path, 'w');
    try {
      await file.writeFile(new Uint8Array(REOPEN_BYTES));
      await file.sync();
    } finally {
      await file.close();
    }
  } finally {
    await rm(path, { force: true });
  }
}
