import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nativeSigner, nativeVerify } from '../../../node/platform/native-ed25519.ts';
import { PresenceRegistry } from '../../../node/transport/presence-registry.ts';
import { pidFromPublicKey } from '../../../protocol/identity/pid.ts';
import {
  openPresence,
  PRESENCE_LIFE_MS_MAX,
  pidInKey,
  presenceKey,
  sealPresence,
} from '../../../protocol/presence.ts';

const signerOf = (n: number) => nativeSigner(new Uint8Array(32).fill(n));
const alice = signerOf(1);
const mallory = signerOf(2);
const alicePid = pidFromPublicKey(alice.publicKey);
const key = presenceKey(alicePid);
const NOW = 1_800_000_000_000;
const where = { addresses: ['/ip4/192.0.2.1/tcp/1'], hubs: [pidFromPublicKey(mallory.publicKey)] };

const record = (sequence: number, expires = NOW + 1000, signer = alice) =>
  sealPresence(where, sequence, expires, signer);

describe('presence record', () => {
  it('says whose key a PID is, where it is and which hubs serve it', () => {
    expect(openPresence(alicePid, record(7), NOW, nativeVerify)).toEqual({
      public_key: alice.publicKey,
      addresses: where.addresses,
      hubs: where.hubs,
      sequence: 7,
      expires: NOW + 1000,
    });
  });

  it('is stored under the PID', () => {
    expect(new TextDecoder().decode(key)).toBe(`/geo/pid/${alicePid}`);
    expect(pidInKey(key)).toBe(alicePid);
    expect(() => pidInKey(new TextEncoder().encode('/geo/pid/x'))).toThrowError(/not a PID/);
    expect(() => pidInKey(new TextEncoder().encode('/pk/x'))).toThrowError(/another kind/);
  });

  it('leaves out what does not fit', () => {
    const many = Array.from({ length: 40 }, (_, i) => `/ip4/192.0.2.1/tcp/${i + 1}`);
    const long = `/dns4/${'a'.repeat(300)}/tcp/1`;
    const bytes = sealPresence({ addresses: [long, ...many], hubs: [] }, 1, NOW + 1, alice);
    expect(openPresence(alicePid, bytes, NOW, nativeVerify).addresses).toEqual(many.slice(0, 16));
  });

  const refusals: [string, () => Uint8Array, string][] = [
    ['of someone else under this name', () => record(1, NOW + 1000, mallory), 'E009 bad_presence'],
    ['that has expired', () => record(1, NOW), 'E009 bad_presence'],
    ['that never ends', () => record(1, NOW + PRESENCE_LIFE_MS_MAX + 1), 'E009 bad_presence'],
    ['that is too large', () => new Uint8Array(5000), 'E009 bad_presence'],
    ['that is no envelope', () => new Uint8Array(200), 'E009 bad_envelope'],
    [
      'that someone else signed',
      () => {
        const forged = { publicKey: alice.publicKey, sign: (m: Uint8Array) => mallory.sign(m) };
        return sealPresence(where, 1, NOW + 1000, forged);
      },
      'E005 bad_signature',
    ],
  ];
  it.each(refusals)('%s is refused', (_, make, expected) => {
    const [code, fault] = expected.split(' ');
    expect(() => openPresence(alicePid, make(), NOW, nativeVerify)).toThrowError(
      expect.objectContaining({ code, details: expect.objectContaining({ fault }) }),
    );
  });

  it('is refused with any byte changed', () => {
    const good = record(1);
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const bad = good.slice();
        bad[at] = bad[at]! ^ flip;
        expect(() => openPresence(alicePid, bad, NOW, nativeVerify)).toThrowError();
      }),
    );
  });
});

describe('presence registry', () => {
  const registryAt = (clock: { now: number }) =>
    new PresenceRegistry(nativeVerify, () => clock.now);

  it('keeps the newest, and refuses a replay of an older one', () => {
    const registry = registryAt({ now: NOW });
    registry.validate(key, record(5));
    registry.validate(key, record(6));
    expect(() => registry.validate(key, record(5))).toThrowError(/a newer one/);
    registry.validate(key, record(6));
    expect(registry.newest(alicePid)?.sequence).toBe(6);
  });

  it('selects the highest sequence', () => {
    const registry = registryAt({ now: NOW });
    const records = [record(3), record(9), record(4)];
    for (const each of records.toSorted()) {
      try {
        registry.validate(key, each);
      } catch {
        // an older one after a newer one
      }
    }
    registry.validate(key, records[1]!);
    expect(registry.select(key, records)).toBe(1);
  });

  it('forgets a record that expired, even one that it has validated before', () => {
    const clock = { now: NOW };
    const registry = registryAt(clock);
    const bytes = record(1, NOW + 10);
    registry.validate(key, bytes);
    clock.now = NOW + 10;
    expect(registry.newest(alicePid)).toBeUndefined();
    expect(() => registry.validate(key, bytes)).toThrowError(/expired/);
  });

  it('spends only so many signature checks a second on what others send', () => {
    const clock = { now: NOW };
    let checks = 0;
    const registry = new PresenceRegistry(
      (...args) => {
        checks += 1;
        return nativeVerify(...args);
      },
      () => clock.now,
    );
    const forged = sealPresence(where, 1, NOW + 1000, {
      publicKey: alice.publicKey,
      sign: () => new Uint8Array(64),
    });
    for (let i = 0; i < 3_000; i += 1) expect(() => registry.validate(key, forged)).toThrow();
    expect(checks).toBe(2_000);
    clock.now += 1000;
    registry.validate(key, record(1, NOW + 5000));
    expect(registry.newest(alicePid)?.sequence).toBe(1);
  });
});
