/**
 * A generation of an incremental backup: a directory with one full copy and the segments that follow it.
 * Generations stand side by side in the directory that a person has named, called by the time when they were
 * begun; any of them can be taken away.
 */
import { open, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isErrno } from '../../platform/files.ts';
import { readSegment, type Segment } from './segment-format.ts';

const NAME = /^\d{4}-\d{2}-\d{2}T\d{2}-\d{2}-\d{2}-\d{3}Z$/;
const SEGMENT = /^segment-\d{16}\.geo$/;

const HEADER_BYTES_MAX = 256;

/** @param time ms since 1970 UTC */
export function generationName(time: number): string {
  return new Date(time).toISOString().replaceAll(/[:.]/g, '-');
}

/** Oldest first. */
export async function generationsIn(directory: string): Promise<string[]> {
  return (await namesIn(directory)).filter((name) => NAME.test(name));
}

export function fullCopyOf(generation: string): string {
  return join(generation, 'full.geo');
}

/** @param base number of the newest batch before it */
export function segmentPath(generation: string, base: number): string {
  return join(generation, `segment-${String(base).padStart(16, '0')}.geo`);
}

/** Paths of the segments, oldest first. */
export async function segmentsOf(generation: string): Promise<string[]> {
  const names = (await namesIn(generation)).filter((name) => SEGMENT.test(name));
  return names.map((name) => join(generation, name));
}

/** The hash with which a full copy ends. */
export async function hashOfCopy(file: string): Promise<Uint8Array> {
  const { size } = await stat(file);
  const handle = await open(file, 'r');
  try {
    const { buffer } = await handle.read(Buffer.alloc(32), 0, 32, size - 32);
    return buffer;
  } finally {
    await handle.close();
  }
}

/** One segment of a chain, or what is wrong where it should be. */
export type Link =
  | { readonly path: string; readonly segment: Segment; readonly bytes: number }
  | { readonly path: string; readonly problem: string };

/**
 * The segments of a generation in order, each checked against the one before; ends with the first that is
 * not right. A torn end is right in the last segment only.
 */
export async function* chainOf(generation: string): AsyncGenerator<Link> {
  const paths = await segmentsOf(generation);
  let previous = await hashOfCopy(fullCopyOf(generation));
  for (const [index, path] of paths.entries()) {
    const file = await readFile(path);
    const segment = readSegment(file);
    // A crash while a segment is begun leaves less than a header, and nothing after it.
    if (segment === undefined && index === paths.length - 1 && file.length < HEADER_BYTES_MAX)
      return;
    if (segment === undefined) {
      yield { path, problem: 'it is no segment, or its beginning is damaged' };
      return;
    }
    if (!Buffer.from(segment.header.previous).equals(previous)) {
      yield { path, problem: 'it does not follow the file before it' };
      return;
    }
    yield { path, segment, bytes: file.length };
    if (segment.state === 'damaged') {
      yield { path, problem: 'a batch in it is not what was written' };
      return;
    }
    if (segment.state === 'torn' && index < paths.length - 1) {
      yield { path, problem: 'its end is missing' };
      return;
    }
    previous = segment.chain;
  }
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return (await readdir(directory)).sort();
  } catch (error) {
    if (isErrno(error, 'ENOENT') || isErrno(error, 'ENOTDIR')) return [];
    throw error;
  }
}
