/** Opens the books of a home as this program knows them: of an older version they are copied, then migrated. */
import { join } from 'node:path';
import { realClock } from '../platform/platform.ts';
import type { Clock } from '../ports.ts';
import { writeBackup } from '../store/backup/backup.ts';
import { type LevelStore, openLevelStore } from '../store/level/level.ts';
import { type Migrated, migrateStore } from '../store/migrations/migrate.ts';
import type { Home } from './home.ts';

export interface UpgradeOptions {
  /** Hears after each batch what is being done and how many changes have been made. */
  readonly progress?: (what: string, changes: number) => void;
  readonly clock?: Clock;
}

export interface CurrentBooks {
  readonly store: LevelStore;
  /** What had to be done; absent: nothing. */
  readonly migrated?: Migrated;
}

/**
 * @throws GeoError as `openLevelStore` and `migrateStore` have it; the store is closed then, and the next
 *   call goes on
 */
export async function openCurrentBooks(
  home: Home,
  { progress, clock = realClock }: UpgradeOptions = {},
): Promise<CurrentBooks> {
  const store = await openLevelStore(home.storeDirectory, { mustExist: true });
  try {
    const time = new Date(clock.now()).toISOString().replaceAll(/[:.]/g, '-');
    const file = join(home.directory, `before-migration-${time}.geo`);
    const migrated = await migrateStore(store, {
      copy: async (version) => {
        await writeBackup(store, file, { version });
        return file;
      },
      ...(progress && { progress }),
    });
    return { store, ...(migrated && { migrated }) };
  } catch (error) {
    await store.close();
    throw error;
  }
}
