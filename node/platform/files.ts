/**
 * How a file gets onto this disk whole or not at all, and what its errors mean.
 */
import { randomBytes } from 'node:crypto';
import { link, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { GeoError } from '../../protocol/errors.ts';

/** Mode of a file that only its owner may read. */
export const SECRET_FILE_MODE = 0o600;
/** Mode of a file that anyone may read. */
export const PUBLIC_FILE_MODE = 0o644;

export interface AtomicWriteOptions {
  readonly mode: number;
  /** Leave an existing file alone and throw instead; two such writers cannot both win. Default false. */
  readonly refuseToOverwrite?: boolean;
}

/**
 * Writes a whole file durably: whoever reads `path`, at whatever moment, even after a power cut,
 * finds the old content or the new, never a part.
 * @throws GeoError E008 `file_exists` if asked not to overwrite; Node's own error if the disk refuses
 */
export async function writeFileAtomically(
  path: string,
  content: string | Uint8Array,
  options: AtomicWriteOptions,
): Promise<void> {
  const draft = draftPathOf(path);
  try {
    const file = await open(draft, 'wx', options.mode);
    try {
      // The umask may have taken bits away from the mode given to open().
      await file.chmod(options.mode);
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await publish(draft, path, options.refuseToOverwrite ?? false);
  } finally {
    await rm(draft, { force: true });
  }
}

/** A name beside `path`, on the same file system, for what is not finished yet. */
export function draftPathOf(path: string): string {
  return `${path}.${randomBytes(6).toString('hex')}.draft`;
}

/** Gives a finished and synced draft its name, and makes the name durable. */
export async function publish(
  draft: string,
  path: string,
  refuseToOverwrite: boolean,
): Promise<void> {
  if (refuseToOverwrite) {
    try {
      // Unlike rename(), link() fails if the name is taken, without a moment in between.
      await link(draft, path);
    } catch (error) {
      if (!isErrno(error, 'EEXIST')) throw error;
      throw new GeoError('E008', `${path} exists already and is not overwritten.`, {
        fault: 'file_exists',
        path,
      });
    }
  } else {
    await rename(draft, path);
  }
  await syncDirectory(dirname(path));
}

/** Makes names created, changed or removed in a directory durable. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Whether an error is the operating system's, with this name (`ENOENT`, `EEXIST` …). */
export function isErrno(error: unknown, name: string): boolean {
  return error instanceof Error && 'code' in error && error.code === name;
}

const PATH_ERRORS: ReadonlySet<unknown> = new Set([
  'EACCES',
  'EISDIR',
  'ELOOP',
  'ENAMETOOLONG',
  'ENOENT',
  'ENOTDIR',
  'EPERM',
]);

/** Whether another path would do: what is wrong is the place, not the disk. */
export function isPathError(error: unknown): boolean {
  return PATH_ERRORS.has((error as { code?: unknown } | null)?.code);
}
