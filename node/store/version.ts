/**
 * The version of what the store holds, kept in the store itself: a program that does not know a
 * layout must not touch it.
 */
import { GeoError } from '../../protocol/errors.ts';
import { storeDamaged } from './damage/damage.ts';

/** Grows with every change that an older program would misread. */
export const STORE_VERSION = 2;
export const VERSION_KEY = 'meta/version';

/** What {@link VERSION_KEY} holds: the version as decimal ASCII digits. */
export function versionStamp(version: number = STORE_VERSION): Uint8Array {
  return new TextEncoder().encode(String(version));
}

/** The version that a stamp says; NaN if it says none. */
export function versionIn(stamp: Uint8Array): number {
  const text = new TextDecoder().decode(stamp);
  return /^[1-9][0-9]{0,8}$/.test(text) ? Number(text) : Number.NaN;
}

/**
 * Passes if this program may open the store; of an older version it has to be migrated before it is used
 * (`migrate.ts`).
 * @throws GeoError E008 `store_too_new`; E010 `store_damaged` if the stamp means nothing
 */
export function checkVersion(directory: string, stamp: Uint8Array): void {
  const version = versionIn(stamp);
  if (Number.isNaN(version)) throw storeDamaged(directory, 'its version is unreadable');
  if (version > STORE_VERSION) {
    throw new GeoError(
      'E008',
      `The store in ${directory} has version ${version}; this program knows versions up to ${STORE_VERSION}. Start it with the newer program that wrote it. Nothing was changed.`,
      { fault: 'store_too_new', directory, version, known: STORE_VERSION },
    );
  }
}
