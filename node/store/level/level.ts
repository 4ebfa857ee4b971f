/**
 * The store on disk: LevelDB, by the npm package `level`.
 *
 * What this adapter adds to LevelDB, and why (docs/decisions/0004-store.md):
 * - one batch in flight; writes that arrive meanwhile join the next one, so an fsync is shared;
 * - after a failed write the database is opened anew before the next one, because LevelDB's log would
 *   otherwise be misaligned and later writes, though acknowledged, unreadable;
 * - files are inspected before an opening, values carry a checksum and batches a number, because LevelDB
 *   skips what it cannot read.
 */
import { open, rm, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { GeoError } from '../../../protocol/errors.ts';
import type { ScanRange, Store, StoreOp } from '../../ports.ts';
import { encodeCount } from '../records.ts';
import { isNotOpen, openFailed, readFailed, writeFailed } from './faults.ts';
import { BATCH_NUMBER_KEY, checkContent, type Opening, openOwned } from './opening.ts';
import { type Database, entries, readChecked } from './reading.ts';
import { withChecksum } from './value.ts';

/** Before reopening, this much must be writable: LevelDB then turns its log into a table. */
const REOPEN_BYTES = 16 * 1024 * 1024;

export interface LevelStoreOptions {
  /** Refuse (E008 `no_store`) instead of making a new, empty store. Default false. */
  readonly mustExist?: boolean;
}

export interface LevelStore extends Store {
  readonly directory: string;
}

/**
 * Opens the store in `directory`, making it if need be.
 * @throws GeoError E008 `store_in_use`, `store_too_new`, `no_store`;
 *   E010 `store_damaged`, `store_unreadable`, `store_write_failed`
 */
export async function openLevelStore(
  directory: string,
  options: LevelStoreOptions = {},
): Promise<LevelStore> {
  return new LevelDbStore(await openOwned(directory, options.mustExist ?? false));
}

interface PendingWrite {
  readonly ops: readonly StoreOp[];
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

class LevelDbStore implements LevelStore {
  readonly directory: string;
  readonly #opening: Opening;
  readonly #db: Database;
  /** Of the newest batch tried. */
  #batchNumber: number;
  /** Of the newest batch known to be durable. */
  #acknowledgedNumber: number;
  #pending: PendingWrite[] = [];
  #writing: Promise<void> | undefined;
  /** A write failed: the log may end in a fragment, so LevelDB must not append to it. */
  #mustReopen = false;
  #closing: Promise<void> | undefined;

  constructor(opening: Opening) {
    this.directory = opening.directory;
    this.#opening = opening;
    this.#db = opening.db;
    this.#batchNumber = opening.batchNumber;
    this.#acknowledgedNumber = opening.batchNumber;
  }

  get(key: string): Uint8Array | undefined {
    try {
      return readChecked(this.#db, this.directory, key);
    } catch (error) {
      throw this.#readError(error);
    }
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
      // Whoever was waiting for the batch before has its next write ready one microtask later; without
      // this, the first of them would have an fsync to itself.
      await Promise.resolve();
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
    // A failed batch may yet turn out to be in the log, so its number is not used again.
    this.#batchNumber += 1;
    const number = encodeCount(this.#batchNumber);
    const batch = [...ops, { type: 'put', key: BATCH_NUMBER_KEY, value: number } as const].map(
      (op): StoreOp =>
        op.type === 'put'
          ? { type: 'put', key: op.key, value: withChecksum(op.key, op.value) }
          : op,
    );
    try {
      await this.#db.batch(batch, { sync: true });
    } catch (error) {
      this.#mustReopen = true;
      throw writeFailed(this.directory, error);
    }
    this.#acknowledgedNumber = this.#batchNumber;
    this.#opening.acknowledged.set(this.#acknowledgedNumber);
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
      await checkContent(this.#db, this.directory, this.#acknowledgedNumber);
    } catch (error) {
      throw error instanceof GeoError ? error : openFailed(this.directory, error);
    }
    this.#mustReopen = false;
  }

  async #close(): Promise<void> {
    await this.#writing;
    try {
      await this.#db.close();
    } finally {
      this.#opening.acknowledged.close();
      this.#opening.release();
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
