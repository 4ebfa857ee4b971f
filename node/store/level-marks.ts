/**
 * Two small files beside LevelDB's own, by which an opening knows how the last one ended.
 *
 * `OPENED.json` `{opening}` is written by each opening. `CLOSED.json` `{opening, files}` is written after
 * a clean close and lists every file with its length and CRC-32; it counts only while it names the
 * opening in `OPENED.json`, so one that arrives late, when somebody else has opened the store, is void.
 * After a clean close any missing, shortened or altered file is thus noticed, even where LevelDB's own
 * format could not tell it from a store that was never written.
 */
import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { isErrno, PUBLIC_FILE_MODE, syncDirectory, writeFileAtomically } from '../home.ts';
import { storeDamaged } from './damage.ts';

const OPENED = 'OPENED.json';
const CLOSED = 'CLOSED.json';
const READ_BYTES = 1024 * 1024;

/** `new`: no opening ever finished; `clean`: nothing changed since; `crashed`: never closed. */
export type LastEnd = 'new' | 'clean' | 'crashed';

interface FileEntry {
  readonly name: string;
  readonly bytes: number;
  readonly crc32: number;
}

/**
 * How the last opening ended.
 * @throws GeoError E010 `store_damaged` if it ended cleanly and a file has changed since
 */
export async function readMarks(directory: string): Promise<LastEnd> {
  const opened = await readJson(join(directory, OPENED));
  if (opened === 'absent') return 'new';
  const closed = await readJson(join(directory, CLOSED));
  if (!isClosedMark(closed) || !isRecord(opened) || closed.opening !== opened.opening) {
    return 'crashed';
  }
  await compare(directory, closed.files);
  return 'clean';
}

/** Records that the store is open. Call once it is, and before anything is promised to anyone. */
export async function markOpened(directory: string): Promise<string> {
  const opening = randomUUID();
  await writeFileAtomically(join(directory, OPENED), JSON.stringify({ opening }), {
    mode: PUBLIC_FILE_MODE,
  });
  await rm(join(directory, CLOSED), { force: true });
  await syncDirectory(directory);
  return opening;
}

/** Records that `opening` has ended and what it left. Call after LevelDB has closed. */
export async function markClosed(directory: string, opening: string): Promise<void> {
  const files: FileEntry[] = [];
  for (const name of await storeFiles(directory)) {
    files.push(await describe(directory, name));
  }
  await writeFileAtomically(join(directory, CLOSED), JSON.stringify({ opening, files }), {
    mode: PUBLIC_FILE_MODE,
  });
}

async function compare(directory: string, files: readonly FileEntry[]): Promise<void> {
  const present = new Set(await storeFiles(directory));
  for (const file of files) {
    if (!present.has(file.name)) throw storeDamaged(directory, `${file.name} is missing`);
    const found = await describe(directory, file.name);
    if (found.bytes !== file.bytes) {
      throw storeDamaged(
        directory,
        `${file.name} has ${found.bytes} bytes instead of ${file.bytes}`,
      );
    }
    if (found.crc32 !== file.crc32) {
      throw storeDamaged(directory, `${file.name} has changed since the node was stopped`);
    }
  }
}

/** The files that hold data. LOCK and LevelDB's chatter in LOG do not. */
async function storeFiles(directory: string): Promise<string[]> {
  const names = await readdir(directory);
  return names.filter((name) => /^(CURRENT|MANIFEST-\d+|\d+\.(log|ldb|sst))$/.test(name)).sort();
}

async function describe(directory: string, name: string): Promise<FileEntry> {
  let checksum = 0;
  let bytes = 0;
  const chunks = createReadStream(join(directory, name), { highWaterMark: READ_BYTES });
  for await (const chunk of chunks as AsyncIterable<Uint8Array>) {
    checksum = crc32(chunk, checksum);
    bytes += chunk.length;
  }
  return { name, bytes, crc32: checksum };
}

/** A mark that cannot be read proves nothing, which is what a crash leaves too. */
async function readJson(path: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return 'absent';
    throw error;
  }
  try {
    return JSON.parse(text);
  } catch {
    return 'unreadable';
  }
}

function isClosedMark(value: unknown): value is { opening: string; files: FileEntry[] } {
  return (
    isRecord(value) &&
    typeof value.opening === 'string' &&
    Array.isArray(value.files) &&
    value.files.every(
      (file) =>
        isRecord(file) &&
        typeof file.name === 'string' &&
        typeof file.bytes === 'number' &&
        typeof file.crc32 === 'number',
    )
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
