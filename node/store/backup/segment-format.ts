/**
 * The form of a segment: a file to which the batches of an incremental backup are appended.
 *
 * `"geo-segment 1\n" | frame | frame | …`, a frame being `length of the CBOR (u32, big-endian) | CBOR |
 * chain (32)` with `chain = sha256(chain of the frame before ‖ CBOR)`. The first frame is the header; its
 * `previous` is the chain at the end of the segment before, or of the first segment the hash at the end of
 * the full copy. So a file that is changed, exchanged or missing breaks the chain.
 */
import { createHash } from 'node:crypto';
import * as s from '../../../protocol/wire/schema.ts';
import { decodeRecord, encodeRecord } from '../records.ts';
import { RedoRecord } from './redo-record.ts';

const MAGIC = Buffer.from('geo-segment 1\n', 'latin1');
const LENGTH_BYTES = 4;
const CHAIN_BYTES = 32;
const number = s.uint(Number.MAX_SAFE_INTEGER);

export const SegmentHeader = s.map({
  /** Version of the store whose batches these are. */
  version: number,
  /** Number of the newest batch before this segment. */
  base: number,
  /** When the full copy was begun, ms since 1970 UTC: it has everything up to then. */
  taken: s.time,
  previous: s.bytes(CHAIN_BYTES),
});
export type SegmentHeader = s.Infer<typeof SegmentHeader>;

/** A piece of a segment, and the chain after it. */
interface Piece {
  readonly bytes: Buffer;
  readonly chain: Uint8Array;
}

export interface Segment {
  readonly header: SegmentHeader;
  readonly batches: readonly RedoRecord[];
  /** Chain after the last whole frame, and where that ends in the file. */
  readonly chain: Uint8Array;
  readonly end: number;
  /** `torn`: the last frame is not whole, as a crash leaves it; `damaged`: a frame is not what was written. */
  readonly state: 'whole' | 'torn' | 'damaged';
}

export function segmentStart(header: SegmentHeader): Piece {
  const { bytes, chain } = frame(encodeRecord(SegmentHeader, header), header.previous);
  return { bytes: Buffer.concat([MAGIC, bytes]), chain };
}

/** @param record an encoded RedoRecord */
export function batchFrame(record: Uint8Array, previous: Uint8Array): Piece {
  return frame(record, previous);
}

/** @returns undefined if not even the header is there */
export function readSegment(file: Buffer): Segment | undefined {
  if (!file.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  const first = contentAt(file, MAGIC.length);
  if (first === undefined) return undefined;
  const header = understood(() => decodeRecord(SegmentHeader, first.content));
  if (header === undefined || !isNext(header.previous, first)) return undefined;
  const batches: RedoRecord[] = [];
  let { chain, end } = first;
  for (;;) {
    const state = end === file.length ? 'whole' : 'torn';
    const next = contentAt(file, end);
    if (next === undefined) return { header, batches, chain, end, state };
    const batch = isNext(chain, next)
      ? understood(() => decodeRecord(RedoRecord, next.content))
      : undefined;
    if (batch === undefined) return { header, batches, chain, end, state: 'damaged' };
    batches.push(batch);
    chain = next.chain;
    end = next.end;
  }
}

interface Frame {
  readonly content: Uint8Array;
  readonly chain: Uint8Array;
  readonly end: number;
}

/** The frame at a place in the file; undefined if it is cut short. */
function contentAt(file: Buffer, at: number): Frame | undefined {
  if (at + LENGTH_BYTES > file.length) return undefined;
  const length = file.readUInt32BE(at);
  const from = at + LENGTH_BYTES;
  const end = from + length + CHAIN_BYTES;
  // Nothing is written as a frame without content: it is a tail that the disk never filled.
  if (length === 0 || end > file.length) return undefined;
  return {
    content: file.subarray(from, from + length),
    chain: file.subarray(from + length, end),
    end,
  };
}

function isNext(previous: Uint8Array, { content, chain }: Frame): boolean {
  return Buffer.from(chainOf(previous, content)).equals(chain);
}

function understood<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function frame(content: Uint8Array, previous: Uint8Array): Piece {
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32BE(content.length);
  const chain = chainOf(previous, content);
  return { bytes: Buffer.concat([length, content, chain]), chain };
}

function chainOf(previous: Uint8Array, content: Uint8Array): Uint8Array {
  return createHash('sha256').update(previous).update(content).digest();
}
