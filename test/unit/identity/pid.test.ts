import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  comparePids,
  hashFromBytes,
  hashOf,
  hashToBytes,
  type PublicKey,
  parsePid,
  pidFromHash,
  pidFromPublicKey,
  pidToHash,
  pidToHex,
  publicKeyFromBytes,
  publicKeyToBytes,
} from '../../../protocol/identity/pid.ts';
import { readVectors } from '../../vectors/read.ts';
import type { PidCase } from '../../vectors/text-cases.ts';

const vectors = readVectors<PidCase>('pids.json');
const fault = (name: string) =>
  expect.objectContaining({ details: expect.objectContaining({ fault: name }) });

describe('PID', () => {
  it.each(vectors.filter((v) => v.valid).map((v) => [v.name, v] as const))(
    'vector: %s',
    (_name, { pid, hash, public_key }) => {
      expect(pidFromHash(hexToBytes(hash!))).toBe(pid);
      expect(pidToHex(parsePid(pid))).toBe(hash);
      expect(bytesToHex(pidToHash(parsePid(pid)))).toBe(hash);
      if (public_key !== undefined) expect(pidFromPublicKey(public_key as PublicKey)).toBe(pid);
    },
  );

  it.each(vectors.filter((v) => !v.valid).map((v) => [v.name, v] as const))(
    'vector: %s is refused',
    (_name, { pid, reason }) => {
      expect(() => parsePid(pid)).toThrow(fault(reason));
    },
  );

  it('and its hash are one to one', () => {
    const run = fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (hash) => {
      expect(pidToHash(parsePid(pidFromHash(hash)))).toEqual(hash);
    });
    fc.assert(run);
  });

  it('order is the order of the hash bytes', () => {
    const hashes = fc.uint8Array({ minLength: 32, maxLength: 32 });
    const run = fc.property(hashes, hashes, (a, b) => {
      const order = comparePids(pidFromHash(a), pidFromHash(b));
      expect(Math.sign(order)).toBe(Math.sign(Buffer.compare(a, b)));
    });
    fc.assert(run);
    const pid = pidFromHash(new Uint8Array(32));
    expect(comparePids(pid, pid)).toBe(0);
  });

  it('stays right when more participants were met than are remembered', () => {
    const hashAt = (i: number): Uint8Array => {
      const hash = new Uint8Array(32);
      new DataView(hash.buffer).setUint32(0, i);
      return hash;
    };
    const first = pidFromHash(hashAt(0));
    for (let i = 1; i <= 50_001; i++) pidFromHash(hashAt(i));
    expect(pidToHash(first)).toEqual(hashAt(0));
    expect(pidFromHash(hashAt(0))).toBe(first);
  });
});

describe('keys and hashes', () => {
  it('cross from bytes and back', () => {
    const bytes = new Uint8Array(32).fill(0xab);
    expect(publicKeyToBytes(publicKeyFromBytes(bytes))).toEqual(bytes);
    expect(hashToBytes(hashFromBytes(bytes))).toEqual(bytes);
  });

  it('have 32 bytes', () => {
    for (const length of [0, 31, 33]) {
      const bytes = new Uint8Array(length);
      expect(() => publicKeyFromBytes(bytes)).toThrow(fault('bad_public_key'));
      expect(() => hashFromBytes(bytes)).toThrow(fault('bad_hash'));
      expect(() => pidFromHash(bytes)).toThrow(fault('bad_hash'));
    }
  });

  it('hashOf is SHA-256', () => {
    // FIPS 180-2, appendix B.1
    expect(hashOf(new TextEncoder().encode('abc'))).toBe(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    );
  });
});
