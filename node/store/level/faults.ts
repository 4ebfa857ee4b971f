/** From LevelDB's errors to ours. */
import { getSystemErrorMap } from 'node:util';
import { GeoError } from '../../../protocol/errors.ts';
import { storeDamaged } from '../damage/damage.ts';

/** LevelDB passes on the C library's sentence, not the number. These differ from libuv's wording. */
const ERRNO_BY_SENTENCE = new Map([
  ['input/output error', 'EIO'],
  ['disk quota exceeded', 'EDQUOT'],
  ['read-only file system', 'EROFS'],
  ...[...getSystemErrorMap().values()].map(
    ([name, sentence]) => [sentence.toLowerCase(), name] as const,
  ),
]);

/** What a person can do about it; other names get the general advice. */
const ADVICE: Record<string, string> = {
  ENOSPC: 'The disk is full: make room.',
  EDQUOT: 'The disk quota is used up: make room or raise it.',
  EFBIG: 'A file would become larger than this process may write: raise `ulimit -f`.',
  EIO: 'The disk reports a fault: check it, and make a backup while you can.',
  EROFS: 'The file system is read-only: check the disk and mount it for writing.',
};

/** E010 `store_write_failed`, with `errno` (`ENOSPC`, `EIO` … or `unknown`). */
export function writeFailed(directory: string, cause: unknown): GeoError {
  const errno = errnoOf(cause);
  const advice = ADVICE[errno] ?? `The disk refused (${sentenceOf(cause)}).`;
  return new GeoError(
    'E010',
    `A write to the store in ${directory} failed. ${advice} Nothing that was acknowledged is lost; try again then.`,
    { fault: 'store_write_failed', directory, errno },
    { cause },
  );
}

/** E010 `store_write_failed`, `store_unreadable` or `store_damaged`; E008 `store_in_use`. */
export function openFailed(directory: string, error: unknown): GeoError {
  const cause = rootOf(error);
  const code = codeOf(cause);
  if (code === 'LEVEL_LOCKED') return storeInUse(directory);
  if (code !== 'LEVEL_IO_ERROR' && !isErrnoName(code)) {
    return storeDamaged(directory, sentenceOf(cause), cause);
  }
  return errnoOf(cause) in ADVICE ? writeFailed(directory, cause) : unreadable(directory, cause);
}

/** E008 `store_in_use`. */
export function storeInUse(directory: string): GeoError {
  return new GeoError(
    'E008',
    `The store in ${directory} is in use by another process. Stop the node that runs with this home first, or choose another --home.`,
    { fault: 'store_in_use', directory },
  );
}

/** E010 `store_damaged` or `store_unreadable`, from an error met while reading an open store. */
export function readFailed(directory: string, error: unknown): GeoError {
  const cause = rootOf(error);
  return codeOf(cause) === 'LEVEL_IO_ERROR'
    ? unreadable(directory, cause)
    : storeDamaged(directory, sentenceOf(cause), cause);
}

export function isNotOpen(error: unknown): boolean {
  const code = codeOf(error);
  return code === 'LEVEL_DATABASE_NOT_OPEN' || code === 'LEVEL_ITERATOR_NOT_OPEN';
}

export function isLocked(error: unknown): boolean {
  return codeOf(rootOf(error)) === 'LEVEL_LOCKED';
}

function unreadable(directory: string, cause: unknown): GeoError {
  return new GeoError(
    'E010',
    `The store in ${directory} cannot be read (${sentenceOf(cause)}). Check that the directory and its files belong to the user who runs the node.`,
    { fault: 'store_unreadable', directory, errno: errnoOf(cause) },
    { cause },
  );
}

function errnoOf(error: unknown): string {
  const code = codeOf(error);
  if (isErrnoName(code)) return code;
  const sentence = sentenceOf(error).split(': ').at(-1)?.toLowerCase() ?? '';
  return ERRNO_BY_SENTENCE.get(sentence) ?? 'unknown';
}

function isErrnoName(code: string | undefined): code is string {
  return code !== undefined && /^E[A-Z0-9]+$/.test(code);
}

function rootOf(error: unknown): unknown {
  let root = error;
  while (root instanceof Error && root.cause !== undefined) root = root.cause;
  return root;
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined;
}

function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
