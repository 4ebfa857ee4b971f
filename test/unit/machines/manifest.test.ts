import { describe, expect, it } from 'vitest';
import type { GeoError } from '../../../protocol/errors.ts';
import { hashOf } from '../../../protocol/identity/pid.ts';
import { edgeId } from '../../../protocol/ledger/edge.ts';
import {
  checkTimes,
  encodeManifest,
  makePayment,
  openManifest,
} from '../../../protocol/machines/manifest.ts';
import { encode } from '../../../protocol/wire/cbor.ts';
import { encodeBody, readSigned } from '../../../protocol/wire/envelope.ts';
import type { Manifest, Order } from '../../../protocol/wire/messages/payment.ts';
import {
  anna,
  boris,
  cyril,
  dora,
  hub,
  manifestBytes,
  manifestOf,
  NOW,
  orderOf,
  signOrder,
  UAH,
} from './sample-payment.ts';

function refusalOf(bytes: Uint8Array): GeoError['details'] {
  try {
    openManifest(bytes);
  } catch (error) {
    return (error as GeoError).details;
  }
  throw new Error('the manifest was accepted');
}

describe('a sound manifest', () => {
  it('opens to its order, hops, sums and voters', () => {
    const bytes = manifestBytes();
    const open = openManifest(bytes);
    expect(open.hash).toBe(hashOf(bytes));
    expect(open.tx).toBe(hashOf(encodeBody('PAYMENT_REQUEST', orderOf())));
    expect(open).toMatchObject({ kind: 'payment', payer: anna.pid });
    expect(open.voters.at(-1)).toBe(anna.signer.publicKey);
    expect(open.hops).toEqual([
      { debtor: anna.pid, creditor: boris.pid, amount: 4n, intermediate: true },
      { debtor: boris.pid, creditor: dora.pid, amount: 4n, intermediate: false },
      { debtor: anna.pid, creditor: cyril.pid, amount: 6n, intermediate: true },
      { debtor: cyril.pid, creditor: dora.pid, amount: 6n, intermediate: false },
    ]);
    expect(open.effects).toHaveLength(4);
    expect(open.effects.map(({ edge }) => edge)).toContainEqual(edgeId(anna.pid, boris.pid, UAH));
  });

  it('may have a coordinator that is on no route', () => {
    const order = orderOf({ coordinator: hub.pid });
    const keys = [anna, boris, cyril, dora, hub].map(({ signer }) => signer.publicKey);
    const open = openManifest(manifestBytes({ agents: [0, 1, 2, 3], voters: keys }, order));
    expect(open.voters).toHaveLength(5);
  });

  it('is the same to who made it and to who reads it', () => {
    const manifest = manifestOf();
    const order = readSigned('PAYMENT_REQUEST', manifest.order);
    const made = makePayment(manifest, order, hashOf(order.payload));
    expect(made).toEqual(openManifest(encodeManifest(manifest)));
  });

  it('is not made of more than can be read', () => {
    const { order, participants, voters } = manifestOf();
    const signed = readSigned('PAYMENT_REQUEST', order);
    const refused = (change: Partial<Manifest>) => () =>
      makePayment(manifestOf(change), signed, hashOf(signed.payload));
    const crowd = Array.from({ length: 129 }, () => participants[0]!);
    expect(refused({ participants: crowd })).toThrow(/too many take part/);
    const choir = Array.from({ length: 65 }, () => voters[0]!);
    expect(refused({ voters: choir })).toThrow(/too many vote/);
  });

  it('gives another hash for any other attempt, route or voter order', () => {
    const hashes = [
      manifestBytes(),
      manifestBytes({ attempt: 2 }),
      manifestBytes({ prepare_by: NOW + 5_001 }),
      manifestBytes({
        routes: [
          { path: [0, 1, 3], amount: 5n },
          { path: [0, 2, 3], amount: 5n },
        ],
      }),
      manifestBytes({}, orderOf({ nonce: new Uint8Array(16) })),
    ].map((bytes) => openManifest(bytes).hash);
    expect(new Set(hashes).size).toBe(hashes.length);
  });
});

describe('a manifest that does not hold together', () => {
  const key = anna.signer.publicKey;
  const { voters } = manifestOf();
  const paths = (...routes: readonly [readonly number[], bigint][]) => ({
    routes: routes.map(([path, amount]) => ({ path: [...path], amount })),
  });
  const spoiled: readonly [what: string, why: string, Partial<Manifest>, Partial<Order>?][] = [
    ['consents of nobody who was asked', 'consents', { consents: [new Uint8Array(8)] }],
    [
      'a participant listed twice',
      'participants',
      { participants: [anna.pid, boris.pid, cyril.pid, boris.pid] },
    ],
    ['fewer agents than participants', 'agents', { agents: [3, 0, 1] }],
    ['more agents than participants', 'agents', { agents: [3, 0, 1, 2, 2] }],
    ['a voter listed twice', 'voters', { voters: [voters[0]!, voters[0]!, voters[2]!, key] }],
    ['an agent that is not a voter', 'agents', { agents: [4, 0, 1, 2] }],
    ['agents exchanged', 'agents', { agents: [3, 1, 0, 2] }],
    [
      'a coordinator that is not the last voter',
      'coordinator',
      { voters: [key, ...voters.slice(0, 3)], agents: [0, 1, 2, 3] },
    ],
    ['another coordinator than the order names', 'coordinator', {}, { coordinator: hub.pid }],
    ['a path that leaves the participants', 'routes', paths([[0, 9, 3], 10n])],
    ['a path that begins elsewhere', 'routes', paths([[1, 3], 4n], [[0, 2, 3], 6n])],
    ['a path that ends elsewhere', 'routes', paths([[0, 3, 1], 4n], [[0, 2, 3], 6n])],
    ['a path with a loop', 'routes', paths([[0, 1, 0, 3], 4n], [[0, 2, 3], 6n])],
    ['a path longer than allowed', 'routes', paths([[0, 1, 2, 3], 10n]), { max_hops: 2 }],
    ['more paths than allowed', 'routes', {}, { max_paths: 1 }],
    ['too little in all', 'routes', paths([[0, 1, 3], 4n], [[0, 2, 3], 5n])],
    ['too much in all', 'routes', paths([[0, 1, 3], 4n], [[0, 2, 3], 7n])],
    ['someone whom the order avoids', 'routes', {}, { avoid: [cyril.pid] }],
    ['a participant on no route', 'participants', paths([[0, 1, 3], 10n])],
    [
      'a voter who is nobody’s agent',
      'voters',
      {
        voters: [...voters.slice(0, 3), hub.signer.publicKey, key],
        agents: [4, 0, 1, 2],
      },
    ],
    ['a payment to oneself', 'payee', {}, { payee: anna.pid }],
  ];

  it.each(spoiled)('%s', (_, why, change, order = {}) => {
    expect(refusalOf(manifestBytes(change, orderOf(order)))).toMatchObject({
      fault: 'bad_manifest',
      why,
    });
  });

  it('that is no manifest at all', () => {
    expect(refusalOf(new Uint8Array(0)).fault).toBe('bad_cbor');
    expect(refusalOf(encode({ kind: 'payment' })).fault).toBe('bad_message');
    const order = new Uint8Array(200);
    expect(refusalOf(manifestBytes({ order })).fault).toBe('bad_envelope');
    const bytes = manifestBytes();
    for (const length of [1, 40, bytes.length - 1]) {
      expect(refusalOf(bytes.subarray(0, length)).fault).toBe('bad_cbor');
    }
    const trailing = new Uint8Array([...bytes, 0]);
    expect(refusalOf(trailing).fault).toBe('bad_cbor');
  });

  it('does not check signatures: the payer’s agent answers for the order', () => {
    const forged = manifestBytes({ order: signOrder(orderOf(), boris.signer) });
    expect(openManifest(forged)).toMatchObject({ payer: anna.pid });
  });
});

describe('an order against the clock', () => {
  const skew = 1_000;
  const faultAt = (order: Order, now: number) => {
    try {
      checkTimes(order, now, skew);
      return undefined;
    } catch (error) {
      return [(error as GeoError).code, (error as GeoError).details.fault];
    }
  };

  it('is valid from its creation, less what clocks may differ, to its expiry', () => {
    const order = orderOf();
    expect(faultAt(order, order.created)).toBeUndefined();
    expect(faultAt(order, order.created - skew)).toBeUndefined();
    expect(faultAt(order, order.created - skew - 1)).toEqual(['E009', 'clock_off']);
    expect(faultAt(order, order.expires)).toBeUndefined();
    expect(faultAt(order, order.expires + 1)).toEqual(['E007', 'order_expired']);
  });

  it('must end after it begins, at most a day later', () => {
    expect(faultAt(orderOf({ expires: NOW }), NOW)).toEqual(['E009', 'order_life']);
    expect(faultAt(orderOf({ expires: NOW - 1 }), NOW)).toEqual(['E009', 'order_life']);
    const day = 24 * 3600 * 1000;
    expect(faultAt(orderOf({ expires: NOW + day }), NOW)).toBeUndefined();
    expect(faultAt(orderOf({ expires: NOW + day + 1 }), NOW)).toEqual(['E009', 'order_life']);
  });
});
