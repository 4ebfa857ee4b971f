import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeFrames, FrameDecoder } from '../../../node/transport/frames.ts';
import { FRAME_BYTES_MAX } from '../../../protocol/limits.ts';

function decode(chunks: readonly Uint8Array[], max = FRAME_BYTES_MAX): Uint8Array[] {
  const frames: Uint8Array[] = [];
  const decoder = new FrameDecoder(max, (frame) => frames.push(frame));
  for (const chunk of chunks) decoder.push(chunk);
  return frames;
}

/** Cuts bytes at the given places (in thousandths of the length). */
function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const at = places.map((p) => Math.floor((p * bytes.length) / 1000)).sort((x, y) => x - y);
  const edges = [0, ...at, bytes.length];
  return edges.slice(1).map((end, i) => bytes.subarray(edges[i]!, end));
}

const frame = fc.uint8Array({ minLength: 1, maxLength: 5_000 });

describe('frames', () => {
  it('come out as they went in, however the stream was chunked', () => {
    fc.assert(
      fc.property(
        fc.array(frame, { maxLength: 12 }),
        fc.array(fc.nat(1000), { maxLength: 40 }),
        (frames, places) => {
          expect(decode(cut(encodeFrames(frames), places))).toEqual(frames);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('come out when every byte arrives alone', () => {
    const frames = [new Uint8Array([7]), new Uint8Array(3000).fill(1), new Uint8Array([8, 9])];
    const bytes = encodeFrames(frames);
    expect(decode([...bytes].map((byte) => new Uint8Array([byte])))).toEqual(frames);
  });

  it('are copies, also from a Buffer, whose slice shares memory', () => {
    const chunk = Buffer.from(encodeFrames([new Uint8Array([1, 2, 3])]));
    const [got] = decode([chunk]);
    chunk.fill(0);
    expect(got).toEqual(new Uint8Array([1, 2, 3]));
  });

  it('of the largest size pass, and one byte more is refused before anything is buffered', () => {
    const largest = new Uint8Array(FRAME_BYTES_MAX).fill(5);
    expect(decode([encodeFrames([largest])])).toEqual([largest]);
    const header = new Uint8Array([0, 1, 0, 1]);
    expect(() => decode([header])).toThrowError(/65537 bytes was announced/);
  });

  it('without content are refused', () => {
    expect(() => decode([new Uint8Array(4)])).toThrowError(
      expect.objectContaining({ code: 'E009', details: expect.objectContaining({ bytes: 0 }) }),
    );
  });

  it('read from garbage end in a refusal or in frames within bounds, and never hang', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 4_000 }), fc.nat(600), (garbage, max) => {
        const frames: Uint8Array[] = [];
        const decoder = new FrameDecoder(max + 1, (each) => frames.push(each));
        try {
          decoder.push(garbage);
        } catch (error) {
          expect(error).toMatchObject({ code: 'E009', details: { fault: 'frame_length' } });
        }
        const total = frames.reduce((sum, { length }) => sum + length, 0);
        expect(total).toBeLessThanOrEqual(garbage.length);
        expect(frames.every(({ length }) => length >= 1 && length <= max + 1)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('cost no memory for what was only announced', () => {
    const announced = new Uint8Array([0, 1, 0, 0]);
    const before = process.memoryUsage().arrayBuffers;
    const decoders = Array.from({ length: 1000 }, () => {
      const decoder = new FrameDecoder(FRAME_BYTES_MAX, () => undefined);
      decoder.push(announced);
      decoder.push(new Uint8Array([1]));
      return decoder;
    });
    const grown = process.memoryUsage().arrayBuffers - before;
    expect(decoders).toHaveLength(1000);
    // 64 MB if the announced length were believed.
    expect(grown).toBeLessThan(8_000_000);
  });

  it('stop when told so, in the middle of a chunk', () => {
    const got: number[] = [];
    const decoder = new FrameDecoder(10, (each) => {
      got.push(each[0]!);
      if (got.length === 2) decoder.stop();
    });
    decoder.push(encodeFrames([1, 2, 3, 4].map((n) => new Uint8Array([n]))));
    decoder.push(encodeFrames([new Uint8Array([5])]));
    expect(got).toEqual([1, 2]);
  });

  it('after a refusal are ignored: the stream has lost its step', () => {
    const got: Uint8Array[] = [];
    const decoder = new FrameDecoder(10, (each) => got.push(each));
    expect(() => decoder.push(new Uint8Array([255, 255, 255, 255]))).toThrow();
    decoder.push(encodeFrames([new Uint8Array([1])]));
    expect(got).toEqual([]);
  });
});
