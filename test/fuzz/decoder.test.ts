/** No bytes crash, hang or swell the decoder, and each value has one byte string. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FRAME_BYTES_MAX } from '../../protocol/limits.ts';
import { decode, encode } from '../../protocol/wire/cbor.ts';
import { CBOR_KEY_REFUSED, type CborValue } from '../../protocol/wire/cbor-value.ts';
import { openFrame } from '../../protocol/wire/envelope.ts';
import { seededRandom } from '../../simulations/random.ts';
import { judge, judgeCbor } from './decoder.ts';
import { mutated, SOUND_FRAMES } from './mutations.ts';

const GUIDED = fileURLToPath(new URL('guided.ts', import.meta.url));
const integer = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n });
const { value } = fc.letrec<{ value: CborValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    integer,
    fc.string(),
    fc.uint8Array({ maxLength: 40 }),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(fc.string(), tie('value'), { maxKeys: 5, noNullPrototype: true }),
  ),
}));

/** Does a map in it have the one key that has no form in bytes? fast-check likes to try it. */
function hasRefusedKey(some: CborValue): boolean {
  if (Array.isArray(some)) return some.some(hasRefusedKey);
  if (some === null || typeof some !== 'object' || some instanceof Uint8Array) return false;
  return Object.entries(some).some(
    ([key, each]) => key === CBOR_KEY_REFUSED || hasRefusedKey(each),
  );
}

describe('CBOR', () => {
  it('comes out of any value as bytes that give the same bytes again', () => {
    fc.assert(
      fc.property(
        value.filter((some) => !hasRefusedKey(some)),
        (some) => {
          const bytes = encode(some);
          expect(Buffer.compare(encode(decode(bytes)), bytes)).toBe(0);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('is not made of a value with a key that every reader would refuse', () => {
    fc.assert(
      fc.property(value, fc.array(fc.string(), { maxLength: 3 }), (some, path) => {
        const inner: CborValue = Object.fromEntries([[CBOR_KEY_REFUSED, some]]);
        const outer = path.reduce<CborValue>((within, key) => ({ [key]: within }), inner);
        expect(() => encode(outer)).toThrow(
          expect.objectContaining({
            details: expect.objectContaining({ fault: 'bad_cbor', reason: 'key_not_allowed' }),
          }),
        );
      }),
      { numRuns: 200 },
    );
  });

  it('is refused or has exactly one form, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        judgeCbor(bytes);
      }),
      { numRuns: 3_000 },
    );
  });
});

describe('frames', () => {
  it('all of the sound ones are accepted, as they are', () => {
    expect(SOUND_FRAMES.length).toBeGreaterThan(15);
    for (const frame of SOUND_FRAMES) expect(judge(frame)).toBe('accepted');
  });

  it('cut short anywhere are refused', () => {
    for (const frame of SOUND_FRAMES) {
      for (let length = 0; length < frame.length; length++) {
        expect(judge(frame.subarray(0, length))).toBe('refused');
      }
    }
  });

  it('with one bit turned are refused, or mean something else in exactly that form', () => {
    const [line, ...others] = SOUND_FRAMES;
    for (let bit = 0; bit < 8 * line!.length; bit++) {
      const bytes = line!.slice();
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      judge(bytes);
    }
    expect(others.length).toBeGreaterThan(0);
  });

  it('of the largest size, and of one byte more, whatever is in them', () => {
    fc.assert(
      fc.property(fc.nat(255), fc.nat(255), (first, fill) => {
        const bytes = new Uint8Array(FRAME_BYTES_MAX).fill(fill);
        bytes[0] = first;
        expect(judge(bytes)).toBe('refused');
      }),
      { numRuns: 60 },
    );
    expect(() => openFrame(new Uint8Array(FRAME_BYTES_MAX + 1))).toThrow(
      expect.objectContaining({ details: expect.objectContaining({ fault: 'frame_too_large' }) }),
    );
  });

  it('that announce more than they bring cost no memory for it', () => {
    const heads = [0x5b, 0x7b, 0x9b, 0xbb];
    const begun = process.memoryUsage().arrayBuffers + process.memoryUsage().heapUsed;
    for (let round = 0; round < 2_000; round++) {
      for (const head of heads) {
        const announced = Uint8Array.of(0x82, 0x01, head, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff, 0xff, 1);
        expect(judge(announced)).toBe('refused');
      }
    }
    const grown = process.memoryUsage().arrayBuffers + process.memoryUsage().heapUsed - begun;
    // Each of them announces half a terabyte.
    expect(grown).toBeLessThan(256 * 1024 * 1024);
  });

  it('mutated ten thousand times', () => {
    const random = seededRandom(20_261_122);
    for (let count = 0; count < 10_000; count++) {
      judge(mutated(random.pick(SOUND_FRAMES), random, SOUND_FRAMES));
    }
  });
});

it('the guided run finds code that no sound frame runs through, and nothing broken', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [GUIDED, '--seconds', '3']);
  const report = JSON.parse(stdout);
  expect(report.sound_accepted).toBe(report.sound_frames);
  expect(report.inputs).toBeGreaterThan(200);
  expect(report.pieces).toBeGreaterThan(1.5 * report.sound_pieces);
});
