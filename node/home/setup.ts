/**
 * A home directory before its node runs: key and store made together, books brought back from a
 * backup, or begun anew for a key that has been used before. Nothing here needs a running node.
 */
import { readdir, rename, rm, stat } from 'node:fs/promises';
import { GeoError, invalid } from '../../protocol/errors.ts';
import type { Pid } from '../../protocol/identity/pid.ts';
import { draftPathOf, isErrno } from '../platform/files.ts';
import { realClock } from '../platform/platform.ts';
import type { Clock, Store, StoreOp } from '../ports.ts';
import { restoreBackup } from '../store/backup/backup.ts';
import { readBackup, verifyBackup } from '../store/backup/format.ts';
import { findPoint, type Point } from '../store/backup/restore-point.ts';
import { HISTORY_HEAD, isOf, keys, RESTORED_MARK, tailOf } from '../store/keys.ts';
import { openLevelStore } from '../store/level/level.ts';
import { BATCH_NUMBER_KEY } from '../store/level/opening.ts';
import { decodeCount, encodeRecord, HistoryRecord } from '../store/records.ts';
import { VERSION_KEY } from '../store/version.ts';
import { type Home, homeAt } from './home.ts';
import {
  type CreateKeyOptions,
  createKeyFile,
  type PublicIdentity,
  readPublicIdentity,
} from './keyring.ts';

export interface SetUpOptions extends CreateKeyOptions {
  /**
   * The key has been used before, and its books are gone: the node lets its peers bring them back, and
   * says nothing about what it may have voted on. Default false.
   */
  readonly usedBefore?: boolean;
  readonly clock?: Clock;
}

/**
 * Makes the key and, beside it, an empty store. A store that is there already is left as it is.
 * @throws GeoError as {@link createKeyFile} and `openLevelStore` have it
 */
export async function setUpHome(
  directory: string,
  options: SetUpOptions = {},
): Promise<PublicIdentity> {
  const { usedBefore = false, clock = realClock, ...key } = options;
  const identity = await createKeyFile(directory, key);
  const { storeDirectory } = homeAt(directory);
  await createStore(storeDirectory, usedBefore ? clock.now() : undefined);
  return identity;
}

/**
 * Makes an empty store for the key of the home, whose books are lost without a backup.
 * @throws GeoError E008 `no_key`, `store_exists`; E010 as the store has it
 */
export async function rebuildStore(home: Home, clock: Clock = realClock): Promise<PublicIdentity> {
  const identity = await readPublicIdentity(home.directory);
  if (!(await isVacant(home.storeDirectory))) {
    throw new GeoError(
      'E008',
      `There are books in ${home.storeDirectory}; they are left as they are. Move the directory away if you are sure that they are worth nothing.`,
      { fault: 'store_exists', directory: home.storeDirectory },
    );
  }
  await createStore(home.storeDirectory, clock.now());
  return identity;
}

export interface Restored extends PublicIdentity {
  readonly entries: number;
  /** Edges in the backup. */
  readonly edges: number;
  /** Of an incremental backup: the last batch that is in the store now, and how many came after the copy. */
  readonly point?: { readonly number: number; readonly time: number; readonly batches: number };
}

export interface RestoreHomeOptions {
  /** Of an incremental backup: up to where. Default: its end. */
  readonly to?: Point;
  /** Hears now and then how many entries and changes are in the store. */
  readonly progress?: (done: number) => void;
  readonly clock?: Clock;
}

/**
 * Makes the store of a home from a backup: a file, or the directory of an incremental one. The key must be
 * there; a store that holds anything stays.
 * @throws GeoError E008 `no_key`, `store_exists`, `backup_too_new`; E009 `no_backup`, `not_a_backup`,
 *   `backup_damaged`, `backup_of_another`, `point_not_covered`; E010 `restore_failed`, `store_write_failed`
 */
export async function restoreHome(
  home: Home,
  source: string,
  { to, progress = () => undefined, clock = realClock }: RestoreHomeOptions = {},
): Promise<Restored> {
  const identity = await readPublicIdentity(home.directory);
  const isChain = to !== undefined || (await isDirectory(source));
  const point = isChain ? await findPoint(source, to) : undefined;
  const file = point?.file ?? source;
  await verifyBackup(file);
  const edges = await countOwnEdges(file, identity.pid);
  const aside = await setVacantAside(home.storeDirectory);
  try {
    const { entries } = await restoreBackup(file, home.storeDirectory, {
      ...(point === undefined ? {} : { changes: point.changes() }),
      progress,
      also: (store) => restoredMark(store, clock.now(), 'These books were restored from a backup.'),
    });
    if (aside !== undefined) await rm(aside, { recursive: true, force: true });
    return { ...identity, entries, edges, ...(point && { point }) };
  } catch (error) {
    if (aside !== undefined) await rename(aside, home.storeDirectory);
    throw error;
  }
}

const BEGUN_ANEW = 'These books were begun anew for a key that had been used before.';

/** What tells the node at its next start that its books may be older than what it has signed. */
function restoredMark(store: Store, now: number, text: string): StoreOp[] {
  const head = store.get(keys.meta(HISTORY_HEAD));
  const number = head === undefined ? 1 : decodeCount(head) + 1;
  const entry: HistoryRecord = { type: 'alert', text, time: now };
  const put = (key: string, value: string) =>
    ({ type: 'put', key, value: new TextEncoder().encode(value) }) as const;
  return [
    put(keys.meta(RESTORED_MARK), String(now)),
    put(keys.meta(HISTORY_HEAD), String(number)),
    { type: 'put', key: keys.history(number), value: encodeRecord(HistoryRecord, entry) },
  ];
}

/** @param begunAnew when, for a key that has been used before */
async function createStore(directory: string, begunAnew: number | undefined): Promise<void> {
  const store = await openLevelStore(directory);
  try {
    // Books that a lost key left behind are better than none.
    if (begunAnew !== undefined) await store.write(restoredMark(store, begunAnew, BEGUN_ANEW));
  } finally {
    await store.close();
  }
}

/** What a store that was begun anew says of itself. */
const BEGINNING: ReadonlySet<string> = new Set([keys.meta(RESTORED_MARK), keys.meta(HISTORY_HEAD)]);

/** No store, or one that nothing has been written to. */
async function isVacant(directory: string): Promise<boolean> {
  try {
    if ((await readdir(directory)).length === 0) return true;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return true;
    throw error;
  }
  const store = await openLevelStore(directory, { mustExist: true });
  try {
    for await (const [key] of store.scan({ gte: '', lt: '\u{10ffff}' })) {
      const isOwn = key === VERSION_KEY || key === BATCH_NUMBER_KEY;
      if (!isOwn && !BEGINNING.has(key) && !isOf('history', key)) return false;
    }
    return true;
  } finally {
    await store.close();
  }
}

/** Moves the empty store that `geo init` makes out of the way. @returns where to; undefined if there is none */
async function setVacantAside(directory: string): Promise<string | undefined> {
  if (!(await isVacant(directory))) return undefined;
  const aside = draftPathOf(directory);
  try {
    await rename(directory, aside);
    return aside;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** @throws GeoError E009 `backup_of_another` if an edge in the file is not this participant's */
async function countOwnEdges(file: string, pid: Pid): Promise<number> {
  let edges = 0;
  for await (const [key] of readBackup(file, () => undefined)) {
    if (!isOf('edge', key)) continue;
    if (!tailOf(key).split('/').includes(pid)) {
      throw invalid(
        'backup_of_another',
        `${file} holds the books of another participant than ${pid}. Name the home of that one with --home.`,
      );
    }
    edges++;
  }
  return edges;
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    // Whoever reads it says that it is not there.
    if (isErrno(error, 'ENOENT')) return false;
    throw error;
  }
}
