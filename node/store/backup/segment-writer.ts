/** Appends batches to the segments of a generation: synced before anybody relies on them, rotated, chained. */
import { type FileHandle, open, rm, stat, truncate } from 'node:fs/promises';
import { dirname } from 'node:path';
import { SECRET_FILE_MODE, syncDirectory } from '../../platform/files.ts';
import { chainOf, fullCopyOf, hashOfCopy, segmentPath, segmentsOf } from './generation.ts';
import { batchFrame, type SegmentHeader, segmentStart } from './segment-format.ts';

/** A segment that has grown to this is followed by a new one, bytes. Readers hold one in memory. */
const SEGMENT_BYTES = 8 * 1024 * 1024;

export class SegmentWriter {
  readonly #generation: string;
  readonly #header: Omit<SegmentHeader, 'base' | 'previous'>;
  #file: FileHandle;
  #chain: Uint8Array;
  #size: number;
  /** Number of the newest batch in the files. */
  #number: number;
  #segments: number;
  #bytes: number;

  private constructor(
    generation: string,
    header: SegmentHeader,
    state: { file: FileHandle; chain: Uint8Array; size: number },
    written: { number: number; segments: number; bytes: number },
  ) {
    this.#generation = generation;
    this.#header = header;
    this.#file = state.file;
    this.#chain = state.chain;
    this.#size = state.size;
    this.#number = written.number;
    this.#segments = written.segments;
    this.#bytes = written.bytes;
  }

  /** Begins the first segment behind a full copy. */
  static async begin(
    generation: string,
    header: Omit<SegmentHeader, 'previous'>,
  ): Promise<SegmentWriter> {
    const previous = await hashOfCopy(fullCopyOf(generation));
    const whole = { ...header, previous };
    const state = await beginSegment(generation, whole);
    const written = { number: header.base, segments: 1, bytes: state.size };
    return new SegmentWriter(generation, whole, state, written);
  }

  /**
   * Goes on where the files end; a torn end is cut off, since its batches are still in the redo log.
   * @returns undefined if the chain is broken or not there: then only a new generation helps
   */
  static async resume(generation: string, version: number): Promise<SegmentWriter | undefined> {
    let last: { path: string; end: number; chain: Uint8Array; header: SegmentHeader } | undefined;
    let number = 0;
    let segments = 0;
    let bytes = 0;
    for await (const link of chainOf(generation)) {
      if ('problem' in link || link.segment.header.version !== version) return undefined;
      const { header, batches, chain, end } = link.segment;
      number = batches.at(-1)?.number ?? header.base;
      segments += 1;
      bytes += end;
      last = { path: link.path, end, chain, header };
    }
    if (last === undefined) return undefined;
    const { path: newest } = last;
    const begun = (await segmentsOf(generation)).filter((path) => path > newest);
    for (const path of begun) await rm(path);
    if ((await stat(last.path)).size > last.end) await truncate(last.path, last.end);
    const file = await open(last.path, 'a');
    await file.sync();
    const state = { file, chain: last.chain, size: last.end };
    return new SegmentWriter(generation, last.header, state, { number, segments, bytes });
  }

  get number(): number {
    return this.#number;
  }

  get segments(): number {
    return this.#segments;
  }

  /** Of all segments. */
  get bytes(): number {
    return this.#bytes;
  }

  /** When the full copy was begun, ms since 1970 UTC. */
  get taken(): number {
    return this.#header.taken;
  }

  /** Appends and syncs; a failure leaves a torn end at most, which {@link resume} cuts off. */
  async append(batches: readonly (readonly [number: number, record: Uint8Array])[]): Promise<void> {
    const last = batches.at(-1);
    if (last === undefined) return;
    if (this.#size >= SEGMENT_BYTES) await this.#rotate();
    let chain = this.#chain;
    const pieces = batches.map(([, record]) => {
      const piece = batchFrame(record, chain);
      chain = piece.chain;
      return piece.bytes;
    });
    const bytes = Buffer.concat(pieces);
    await this.#file.appendFile(bytes);
    await this.#file.sync();
    this.#chain = chain;
    this.#size += bytes.length;
    this.#bytes += bytes.length;
    [this.#number] = last;
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  async #rotate(): Promise<void> {
    const header = { ...this.#header, base: this.#number, previous: this.#chain };
    const { file, chain, size } = await beginSegment(this.#generation, header);
    await this.#file.close();
    this.#file = file;
    this.#chain = chain;
    this.#size = size;
    this.#segments += 1;
    this.#bytes += size;
  }
}

async function beginSegment(
  generation: string,
  header: SegmentHeader,
): Promise<{ file: FileHandle; chain: Uint8Array; size: number }> {
  const { bytes, chain } = segmentStart(header);
  const path = segmentPath(generation, header.base);
  // What a failure has left under this name has no batch in it.
  const file = await open(path, 'w', SECRET_FILE_MODE);
  try {
    await file.appendFile(bytes);
    await file.sync();
    await syncDirectory(dirname(path));
  } catch (error) {
    await file.close();
    throw error;
  }
  return { file, chain, size: bytes.length };
}
