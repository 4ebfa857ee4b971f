/** A copy of the whole store in one file, made while the node runs, and its way back. The key is not in it. */
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { GeoError } from '../../../protocol/errors.ts';
import {
  draftPathOf,
  isErrno,
  isPathError,
  publish,
  SECRET_FILE_MODE,
  syncDirectory,
} from '../../platform/files.ts';
import type { Store, StoreOp } from '../../ports.ts';
import { BACKUP_PLACE, isOf, keys } from '../keys.ts';
import { openLevelStore } from '../level/level.ts';
import { BATCH_NUMBER_KEY } from '../level/opening.ts';
import { migrateStore } from '../migrations/migrate.ts';
import { STORE_VERSION, VERSION_KEY, versionStamp } from '../version.ts';
import { type Entry, encodeBackup, readBackup, tooNew, verifyBackup } from './format.ts';

/** Every key: LevelDB's order is that of UTF-8, where nothing that we use comes after U+10FFFF. */
const EVERYTHING = { gte: '', lt: '\u{10ffff}' };
/** What a store on disk adds by itself, and where its own backup is kept. */
const OWN_KEYS: ReadonlySet<string> = new Set([
  VERSION_KEY,
  BATCH_NUMBER_KEY,
  keys.meta(BACKUP_PLACE),
]);
const RESTORE_BATCH_BYTES = 1024 * 1024;

/** Belongs to one store on one disk, and to no copy of it. */
export function isOwnKey(key: string): boolean {
  return OWN_KEYS.has(key) || isOf('redo', key);
}

export interface BackupSummary {
  readonly entries: number;
  /** Size of the file, bytes. */
  readonly bytes: number;
}

export interface BackupOptions {
  /** Sees every key of the moment that is copied, also those that are no part of a copy. */
  readonly seen?: (key: string) => void;
  /** Of the store, if it is not that of this program. */
  readonly version?: number;
}

/**
 * Writes the store as it is at this moment into a new file of mode 0600; writes that go on meanwhile are
 * neither stopped nor included. The file appears under its name only when it is complete and durable.
 * @throws GeoError E008 `file_exists`; E010 `backup_write_failed` (E009 if it is
 *   the path that is at fault), `store_damaged`
 */
export async function writeBackup(
  store: Store,
  file: string,
  { seen = () => undefined, version = STORE_VERSION }: BackupOptions = {},
): Promise<BackupSummary> {
  const path = resolve(file);
  const draft = draftPathOf(path);
  let entries = 0;
  async function* counted(): AsyncGenerator<Entry> {
    for await (const entry of store.scan(EVERYTHING)) {
      seen(entry[0]);
      if (isOwnKey(entry[0])) continue;
      entries += 1;
      yield entry;
    }
  }
  try {
    await refuseIfExists(path);
    await writeDraft(draft, encodeBackup(version, counted()));
    await publish(draft, path, true);
    return { entries, bytes: (await stat(path)).size };
  } catch (error) {
    throw error instanceof GeoError ? error : writeFailed(path, error);
  } finally {
    await rm(draft, { force: true });
  }
}

/** Closed before it returns, however it ends: what is still being opened could not be removed. */
async function writeDraft(draft: string, content: AsyncIterable<Uint8Array>): Promise<void> {
  const disk = await open(draft, 'wx', SECRET_FILE_MODE);
  try {
    await disk.writeFile(content);
    await disk.sync();
  } finally {
    await disk.close();
  }
}

export interface RestoreOptions {
  /** Changes that came after the file was made, in their order. */
  readonly changes?: AsyncIterable<readonly StoreOp[]>;
  /** Written over the restored entries, for example a mark that the store is an old one. */
  readonly also?: (store: Store) => readonly StoreOp[];
  /** Hears now and then how many entries and changes are in the store. */
  readonly progress?: (done: number) => void;
}

/**
 * Makes a store of a backup. The file is verified first; the directory appears under its name only when
 * everything is in it and durable.
 * @throws GeoError E008 `store_exists`, `backup_too_new`; E009 `no_backup`, `not_a_backup`,
 *   `backup_damaged`; E010 `restore_failed`, `store_write_failed`
 */
export async function restoreBackup(
  file: string,
  directory: string,
  options: RestoreOptions = {},
): Promise<BackupSummary> {
  const target = resolve(directory);
  await refuseIfNotEmpty(target);
  const draft = draftPathOf(target);
  try {
    await verifyBackup(file);
    const entries = await fillStore(file, draft, options);
    await mkdir(dirname(target), { recursive: true, mode: 0o700 });
    // Fails if somebody has put anything into the directory since we looked.
    await rename(draft, target);
    await syncDirectory(dirname(target));
    return { entries, bytes: (await stat(file)).size };
  } catch (error) {
    if (error instanceof GeoError) throw error;
    if (isErrno(error, 'ENOTEMPTY') || isErrno(error, 'EEXIST')) throw storeExists(target);
    throw restoreFailed(target, error);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

async function fillStore(
  file: string,
  directory: string,
  { changes = nothing(), also = () => [], progress = () => undefined }: RestoreOptions,
): Promise<number> {
  const store = await openLevelStore(directory);
  let done = 0;
  let batch: StoreOp[] = [];
  let batchBytes = 0;
  const flush = async () => {
    await store.write(batch);
    batch = [];
    batchBytes = 0;
    progress(done);
  };
  const add = async (op: StoreOp) => {
    batch.push(op);
    batchBytes += op.key.length + (op.type === 'put' ? op.value.length : 0);
    done += 1;
    if (batchBytes >= RESTORE_BATCH_BYTES) await flush();
  };
  try {
    let version = STORE_VERSION;
    const checkVersion = (found: number) => {
      if (found > STORE_VERSION) throw tooNew(file, found);
      version = found;
    };
    for await (const [key, value] of readBackup(file, checkVersion)) {
      await add({ type: 'put', key, value });
    }
    const entries = done;
    for await (const ops of changes) {
      for (const op of ops) if (!isOwnKey(op.key)) await add(op);
    }
    await flush();
    // What was made by an older program becomes what this one knows; the file is its own copy.
    await store.write([{ type: 'put', key: VERSION_KEY, value: versionStamp(version) }]);
    await migrateStore(store);
    await store.write(also(store));
    return entries;
  } finally {
    await store.close();
  }
}

async function* nothing(): AsyncGenerator<readonly StoreOp[]> {}

async function refuseIfExists(path: string): Promise<void> {
  try {
    await stat(path);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return;
    throw error;
  }
  throw new GeoError('E008', `${path} exists already and is not overwritten.`, {
    fault: 'file_exists',
    path,
  });
}

async function refuseIfNotEmpty(directory: string): Promise<void> {
  try {
    if ((await readdir(directory)).length === 0) return;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return;
    throw restoreFailed(directory, error);
  }
  throw storeExists(directory);
}

function storeExists(directory: string): GeoError {
  return new GeoError(
    'E008',
    `There is a store in ${directory} already; it is left as it is. Restore into another home, or move the directory away if you are sure: it may know of debts that the backup does not.`,
    { fault: 'store_exists', directory },
  );
}

function writeFailed(path: string, error: unknown): GeoError {
  const { reason, errno } = describe(error);
  return new GeoError(
    isPathError(error) ? 'E009' : 'E010',
    `The backup ${path} could not be written (${reason}). Nothing is left of it; make room or choose another place.`,
    { fault: 'backup_write_failed', path, errno },
    { cause: error },
  );
}

function restoreFailed(directory: string, error: unknown): GeoError {
  const { reason, errno } = describe(error);
  return new GeoError(
    'E010',
    `Nothing was restored into ${directory} (${reason}). Check that the place can be written to.`,
    { fault: 'restore_failed', directory, errno },
    { cause: error },
  );
}

function describe(error: unknown): { reason: string; errno: string } {
  const errno = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  return { reason: error instanceof Error ? error.message : String(error), errno };
}
