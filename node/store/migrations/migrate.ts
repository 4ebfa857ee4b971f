/**
 * Brings a store to the version of this program, migration after migration. Each batch also writes down how
 * far it has come, and the last one of a migration the new version: a crash at any moment leaves a store that
 * the next start goes on with.
 */
import { GeoError } from '../../../protocol/errors.ts';
import * as s from '../../../protocol/wire/schema.ts';
import type { Store } from '../../ports.ts';
import { keys, MIGRATION_PLACE } from '../keys.ts';
import { decodeRecord, encodeRecord } from '../records.ts';
import { STORE_VERSION, VERSION_KEY, versionIn, versionStamp } from '../version.ts';
import { historyNumbers } from './0002-history-numbers.ts';
import type { Migration } from './migration.ts';

/** In the order of their versions, none left out. */
const MIGRATIONS: readonly Migration[] = [historyNumbers];

const Place = s.map({ to: s.uint(Number.MAX_SAFE_INTEGER), place: s.text(1_000) });

export interface Migrated {
  readonly from: number;
  readonly to: number;
  /** Changes that were written now. */
  readonly changes: number;
  /** The copy that was made before the first of them; absent if an earlier run had made it. */
  readonly backup?: string;
}

export interface MigrateOptions {
  /** Copies the store of this version before anything is changed in it. @returns the file */
  readonly copy?: (version: number) => Promise<string>;
  /** Hears after each batch what is being done and how many changes have been made. */
  readonly progress?: (what: string, changes: number) => void;
}

/**
 * @returns undefined if there was nothing to do
 * @throws GeoError E010 `store_write_failed`, `backup_write_failed`: run it again when there is room
 */
export async function migrateStore(
  store: Store,
  options: MigrateOptions = {},
): Promise<Migrated | undefined> {
  const { copy, progress = () => undefined } = options;
  const stamp = store.get(VERSION_KEY);
  const from = stamp === undefined ? STORE_VERSION : versionIn(stamp);
  if (from >= STORE_VERSION) return undefined;
  // A copy was made before the first batch; one of now would be of something in between.
  const isBegun = store.get(keys.meta(MIGRATION_PLACE)) !== undefined;
  const backup = isBegun ? undefined : await copy?.(from);
  let changes = 0;
  for (const migration of MIGRATIONS) {
    if (migration.to <= from) continue;
    changes = await run(store, migration, changes, progress);
  }
  return { from, to: STORE_VERSION, changes, ...(backup === undefined ? {} : { backup }) };
}

async function run(
  store: Store,
  migration: Migration,
  changesBefore: number,
  progress: NonNullable<MigrateOptions['progress']>,
): Promise<number> {
  const { to, what } = migration;
  let changes = changesBefore;
  let place = placeIn(store, to);
  for (;;) {
    const { ops, next } = await migration.batch(store, place);
    const key = keys.meta(MIGRATION_PLACE);
    await store.write(
      next === undefined
        ? [...ops, { type: 'del', key }, { type: 'put', key: VERSION_KEY, value: versionStamp(to) }]
        : [...ops, { type: 'put', key, value: encodeRecord(Place, { to, place: next }) }],
    );
    changes += ops.length;
    progress(what, changes);
    if (next === undefined) return changes;
    place = next;
  }
}

function placeIn(store: Store, to: number): string | undefined {
  const kept = store.get(keys.meta(MIGRATION_PLACE));
  if (kept === undefined) return undefined;
  const { to: version, place } = decodeRecord(Place, kept);
  if (version === to) return place;
  throw new GeoError(
    'E010',
    `The store is on its way to version ${version}, which this program does not expect. Bring back the copy that was made before, with \`geo restore\`.`,
    { fault: 'store_damaged', version },
  );
}
