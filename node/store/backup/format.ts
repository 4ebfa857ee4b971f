/**
 * The form of a backup file, as streams.
 *
 * `"geo-backup 1\n" | gzip(frames) | sha256 of everything before (32)`. A frame is `varint length | CBOR`:
 * first `{store_version}`, then one `[key, value]` per entry in the order of keys. The hash at the end says
 * that the file is whole; whether it is honest is for its owner to know.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import { createGunzip, createGzip } from 'node:zlib';
import { decode as decodeFrames, encode as encodeFrames } from 'it-length-prefixed';
import { pipe } from 'it-pipe';
import { GeoError, invalid } from '../../../protocol/errors.ts';
import { type CborValue, decode, encode } from '../../../protocol/wire/cbor.ts';
import { isErrno } from '../../platform/files.ts';

const MAGIC = Buffer.from('geo-backup 1\n', 'latin1');
const MAGIC_OF_ANY_VERSION = /^geo-backup (\d{1,9})\n/;
const HASH_BYTES = 32;
/** One entry with its key. Far above what a node stores; bounds the memory that a file can ask for. */
const FRAME_BYTES_MAX = 64 * 1024 * 1024;

export type Entry = readonly [key: string, value: Uint8Array];

/** The bytes of a backup file. */
export function encodeBackup(
  storeVersion: number,
  entries: AsyncIterable<Entry>,
): AsyncIterable<Uint8Array> {
  return pipe(
    () => framesOf(storeVersion, entries),
    (frames) => encodeFrames(frames, { maxDataLength: FRAME_BYTES_MAX }),
    async function* (chunks) {
      for await (const chunk of chunks) yield chunk.subarray();
    },
    (bytes) => through(bytes, createGzip()),
    sealed,
  );
}

async function* framesOf(storeVersion: number, entries: AsyncIterable<Entry>) {
  yield encode({ store_version: storeVersion });
  for await (const [key, value] of entries) yield encode([key, value]);
}

async function* sealed(compressed: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256').update(MAGIC);
  yield MAGIC;
  for await (const chunk of compressed) {
    hash.update(chunk);
    yield chunk;
  }
  yield hash.digest();
}

/**
 * Reads the whole file once and compares its hash. Nothing in it is interpreted before that.
 * @throws GeoError E009 `no_backup`, `not_a_backup`, `backup_damaged`; E008 `backup_too_new`
 */
export async function verifyBackup(file: string): Promise<void> {
  const size = await sizeOf(file);
  const head = await readPart(file, 0, Math.min(size, MAGIC.length + 9));
  const version = MAGIC_OF_ANY_VERSION.exec(head.toString('latin1'))?.[1];
  if (version === undefined) {
    throw invalid('not_a_backup', `${file} is not a backup made by \`geo backup\`.`, {
      path: file,
    });
  }
  if (version !== '1') throw tooNew(file, Number(version));
  if (size < MAGIC.length + HASH_BYTES) throw backupDamaged(file, 'it is cut short');

  const hash = createHash('sha256');
  const hashed = createReadStream(file, { end: size - HASH_BYTES - 1 });
  for await (const chunk of hashed as AsyncIterable<Uint8Array>) hash.update(chunk);
  if (!hash.digest().equals(await readPart(file, size - HASH_BYTES, HASH_BYTES))) {
    throw backupDamaged(file, 'its content does not match its hash');
  }
}

/**
 * The entries of a verified file. Calls `checkVersion` with the store version before the first one.
 * @throws GeoError E009 `backup_damaged`
 */
export async function* readBackup(
  file: string,
  checkVersion: (storeVersion: number) => void,
): AsyncGenerator<Entry> {
  const size = await sizeOf(file);
  const compressed: AsyncIterable<Uint8Array> = createReadStream(file, {
    start: MAGIC.length,
    end: size - HASH_BYTES - 1,
  });
  const frames = pipe(
    () => through(compressed, createGunzip()),
    (bytes) => decodeFrames(bytes, { maxDataLength: FRAME_BYTES_MAX }),
  );
  let isFirst = true;
  try {
    for await (const frame of frames) {
      const content = decode(frame.subarray());
      if (isFirst) checkVersion(storeVersionIn(content));
      else yield entryIn(content);
      isFirst = false;
    }
  } catch (error) {
    if (error instanceof GeoError && error.details.fault !== 'bad_cbor') throw error;
    throw backupDamaged(file, error instanceof Error ? error.message : String(error));
  }
  if (isFirst) throw backupDamaged(file, 'it has no content');
}

export function tooNew(file: string, version: number): GeoError {
  return new GeoError(
    'E008',
    `The backup ${file} was made by a newer program (version ${version}). Restore it with that program.`,
    { fault: 'backup_too_new', path: file, version },
  );
}

function storeVersionIn(content: CborValue): number {
  if (typeof content === 'object' && content !== null && 'store_version' in content) {
    const { store_version: version } = content;
    if (typeof version === 'number' && version > 0) return version;
  }
  throw new Error('its first frame is not a header');
}

function entryIn(content: CborValue): Entry {
  if (Array.isArray(content) && content.length === 2) {
    const [key, value] = content as CborValue[];
    if (typeof key === 'string' && key !== '' && value instanceof Uint8Array) return [key, value];
  }
  throw new Error('a frame is not an entry');
}

/** Pipes bytes through a Node transform; an error on either side ends both. */
function through(
  bytes: AsyncIterable<Uint8Array>,
  transform: NodeJS.ReadWriteStream & AsyncIterable<Uint8Array>,
): AsyncIterable<Uint8Array> {
  // The error reaches whoever reads the transform, which pipeline() destroys with it.
  return pipeline(bytes, transform, () => undefined);
}

function backupDamaged(file: string, what: string): GeoError {
  return invalid(
    'backup_damaged',
    `The backup ${file} is damaged: ${what}. Nothing was restored. Use another backup.`,
    { path: file },
  );
}

async function sizeOf(file: string): Promise<number> {
  try {
    return (await stat(file)).size;
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
    throw invalid('no_backup', `There is no file ${file}.`, { path: file });
  }
}

async function readPart(file: string, start: number, length: number): Promise<Buffer> {
  const handle = await open(file, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, start);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
