import { ed25519 } from '@noble/curves/ed25519.js';
import { describe, expect, it } from 'vitest';
import { AddressBook } from '../../../node/transport/address-book.ts';
import { DialBackoff } from '../../../node/transport/dial-backoff.ts';
import {
  addressOfPeer,
  keyInAddress,
  parseAddress,
  peerIdOf,
  publicKeyOf,
} from '../../../node/transport/peer-id.ts';
import { type PublicKey, publicKeyFromBytes } from '../../../protocol/identity/pid.ts';

const keyOf = (n: number): PublicKey =>
  publicKeyFromBytes(ed25519.getPublicKey(new Uint8Array(32).fill(n)));
const alice = keyOf(1);
const bob = keyOf(2);
const at = (port: number, peer = alice) => `/ip4/192.0.2.1/tcp/${port}/p2p/${peerIdOf(peer)}`;

describe('peer identities', () => {
  it('are the participant key, both ways', () => {
    expect(publicKeyOf(peerIdOf(alice))).toBe(alice);
  });

  it('of another kind than Ed25519 are nobody', () => {
    const secp256k1 = '16Uiu2HAkyUcGmuXB7w6cpHgxuE3jqvMMgrBd9Nz3cVZqvcE6VLdJ';
    expect(() => keyInAddress(parseAddress(`/ip4/192.0.2.1/tcp/1/p2p/${secp256k1}`))).toThrowError(
      expect.objectContaining({ code: 'E009' }),
    );
  });

  it('are put at the end of an address, and checked where there is one', () => {
    expect(addressOfPeer('/ip4/192.0.2.1/tcp/1', alice)).toBe(at(1));
    expect(addressOfPeer(at(1), alice)).toBe(at(1));
    expect(addressOfPeer(at(1), bob)).toBeUndefined();
    expect(addressOfPeer('nonsense', bob)).toBeUndefined();
  });

  it('of a relayed address are the peer behind the relay', () => {
    const relayed = `${at(1, bob)}/p2p-circuit/p2p/${peerIdOf(alice)}`;
    expect(keyInAddress(parseAddress(relayed))).toBe(alice);
    expect(addressOfPeer(`${at(1, bob)}/p2p-circuit`, alice)).toBe(relayed);
  });
});

describe('address book', () => {
  it('offers the proven address first, then what the node said, then what libp2p learned', () => {
    const book = new AddressBook(10, 8);
    book.learn(alice, [at(3)]);
    book.remember(alice, [at(1), at(2)]);
    book.prove(alice, at(2));
    expect(book.addresses(alice)).toEqual([at(2), at(1), at(3)]);
  });

  it('forgets what a peer no longer says of itself', () => {
    const book = new AddressBook(10, 8);
    book.learn(alice, [at(1)]);
    book.learn(alice, [at(2)]);
    expect(book.addresses(alice)).toEqual([at(2)]);
  });

  it('keeps newest and bounded, and leaves out what names someone else', () => {
    const book = new AddressBook(10, 2);
    book.remember(alice, [at(1), at(2, bob), 'nonsense']);
    book.remember(alice, [at(3)]);
    book.remember(alice, [at(4)]);
    expect(book.addresses(alice)).toEqual([at(4), at(3)]);
  });

  it('makes nobody known by what others tell of it, and forgets no acquaintance over it', () => {
    const book = new AddressBook(10, 4);
    book.hear(alice, [at(1)]);
    expect([book.known(alice), book.addresses(alice)]).toEqual([false, [at(1)]]);
    book.remember(alice, []);
    book.hear(alice, [at(2)]);
    expect([book.known(alice), book.addresses(alice)]).toEqual([true, [at(2), at(1)]]);
  });

  it('counts only those as known that the node named', () => {
    const book = new AddressBook(10, 2);
    book.learn(alice, [at(1)]);
    book.remember(bob, []);
    expect(book.known(alice)).toBe(false);
    expect(book.known(bob)).toBe(true);
    expect([...book.knownPeers()]).toEqual([bob]);
  });

  it('forgets strangers before known peers, and the oldest first', () => {
    const book = new AddressBook(3, 2);
    book.remember(keyOf(1), [at(1, keyOf(1))]);
    book.learn(keyOf(2), [at(2, keyOf(2))]);
    book.learn(keyOf(3), [at(3, keyOf(3))]);
    book.learn(keyOf(4), [at(4, keyOf(4))]);
    expect([1, 2, 3, 4].map((n) => book.addresses(keyOf(n)).length)).toEqual([1, 0, 1, 1]);
  });
});

describe('dial back-off', () => {
  it('doubles up to its bound, and ends with news of the peer', () => {
    const backoff = new DialBackoff({ min: 100, max: 350 });
    expect(backoff.due(alice, 0)).toBe(true);
    const waits = [100, 200, 350, 350];
    let now = 0;
    for (const wait of waits) {
      backoff.failed(alice, now);
      expect(backoff.due(alice, now + wait - 1)).toBe(false);
      expect(backoff.due(alice, now + wait)).toBe(true);
      now += wait;
    }
    backoff.failed(alice, now);
    expect(backoff.due(bob, now)).toBe(true);
    backoff.reset(alice);
    expect(backoff.due(alice, now)).toBe(true);
    backoff.failed(alice, now);
    expect(backoff.due(alice, now + 100)).toBe(true);
  });
});
