/** What a liar makes of a manifest that another liar has damaged on its way. */
import { describe, expect, it } from 'vitest';
import { openManifest } from '../../protocol/machines/manifest.ts';
import { type CborMap, decode, encode } from '../../protocol/wire/cbor.ts';
import { knownOf } from '../../simulations/simulator/known-attempt.ts';
import { manifestBytes } from '../unit/machines/sample-payment.ts';

const bytes = manifestBytes();

describe('an attempt as a liar knows it', () => {
  it('is what the manifest says', () => {
    const { tx, attempt, hash: manifest, voters } = openManifest(bytes);
    const about = { tx, attempt, manifest };
    expect(knownOf(bytes)).toEqual({ kind: 'payment', manifest: bytes, about, voters });
  });

  it.each([
    ['a kind that nobody knows', { kind: 'qayment' }],
    ['a number below 0', { attempt: -2 }],
    ['no voter', { voters: [] }],
  ])('does not come of %s', (_, change) => {
    const damaged = encode({ ...(decode(bytes) as CborMap), ...change });
    expect(() => knownOf(damaged)).toThrow('manifest');
  });
});
