/**
 * Looks at a store's files before LevelDB opens them.
 *
 * Opening alone changes files, and LevelDB drops what it cannot read without a word. A node that has
 * forgotten a vote could vote twice, so a store that lost anything must not be opened at all.
 */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { GeoError } from '../../../protocol/errors.ts';
import { isErrno } from '../../platform/files.ts';
import { readLog } from './log.ts';
import { type LiveFiles, readManifest } from './manifest.ts';
import { checkTable } from './table.ts';

/** E010 `store_damaged`. `what` completes "The store in … is damaged: …". */
export function storeDamaged(directory: string, what: string, cause?: unknown): GeoError {
  return new GeoError(
    'E010',
    `The store in ${directory} is damaged: ${what}. The node does not start on it, since it may have forgotten what it signed. Check the disk, move the directory away and bring back a backup with \`geo restore FILE\`; your peers then supply what the backup lacks.`,
    { fault: 'store_damaged', directory, what },
    { cause },
  );
}

/**
 * Reads every file that LevelDB needs, about 1 GB/s from memory, and checks it against the checksums in it.
 * @returns whether there is a store at all
 * @throws GeoError E010 `store_damaged`
 */
export async function inspectStoreFiles(directory: string): Promise<'absent' | 'present'> {
  const names = await namesIn(directory);
  if (!names.includes('CURRENT')) {
    const remains = names.find((name) => /^MANIFEST-\d+$|\.(log|ldb|sst)$/.test(name));
    if (remains === undefined) return 'absent';
    throw storeDamaged(directory, `CURRENT is missing although ${remains} is there`);
  }

  const current = await readFile(join(directory, 'CURRENT'), 'latin1');
  const manifest = /^(MANIFEST-\d+)\n$/.exec(current)?.[1];
  if (manifest === undefined) throw storeDamaged(directory, 'CURRENT names no manifest');
  if (!names.includes(manifest)) throw storeDamaged(directory, `${manifest} is missing`);

  const live = await readOrRefuse(directory, manifest, readManifest);
  await checkTables(directory, names, live);
  await checkLogs(directory, names, live);
  return 'present';
}

async function checkTables(directory: string, names: string[], live: LiveFiles): Promise<void> {
  for (const [number, bytes] of live.tables) {
    const name = names.find(
      (candidate) => /\.(ldb|sst)$/.test(candidate) && numberOf(candidate) === number,
    );
    if (name === undefined) throw storeDamaged(directory, `table ${number} is missing`);
    const { size } = await stat(join(directory, name));
    if (size !== bytes) {
      throw storeDamaged(directory, `${name} has ${size} bytes instead of ${bytes}`);
    }
    await readOrRefuse(directory, name, checkTable);
  }
}

async function checkLogs(directory: string, names: string[], live: LiveFiles): Promise<void> {
  const logs = names
    .filter((name) => name.endsWith('.log') && numberOf(name) >= live.logNumber)
    .sort((a, b) => numberOf(a) - numberOf(b));
  if (live.logNumber > 0 && (logs[0] === undefined || numberOf(logs[0]) !== live.logNumber)) {
    throw storeDamaged(directory, `log ${live.logNumber} is missing`);
  }
  let torn: string | undefined;
  for (const name of logs) {
    const { records, tornBytes } = await readOrRefuse(directory, name, readLog);
    // Only the very last write can have been cut short by a crash.
    if (torn !== undefined && records.length > 0) {
      throw storeDamaged(directory, `the end of ${torn} is missing`);
    }
    if (tornBytes > 0) torn = name;
  }
}

async function readOrRefuse<Content>(
  directory: string,
  name: string,
  read: (file: Uint8Array) => Content,
): Promise<Content> {
  const file = await readFile(join(directory, name));
  try {
    return read(file);
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error);
    throw storeDamaged(directory, `${name}: ${what}`, error);
  }
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  }
}

/** The number in `000123.ldb`. */
function numberOf(name: string): number {
  return Number.parseInt(name, 10);
}
