/**
 * Participants as libp2p names them. The libp2p identity key *is* the participant key (docs/PROTOCOL.md,
 * "Words"), so a PeerId holds the public key and nothing needs to be looked up.
 */
import { publicKeyFromRaw } from '@libp2p/crypto/keys';
import type { PeerId } from '@libp2p/interface';
import { peerIdFromPublicKey, peerIdFromString } from '@libp2p/peer-id';
import { CODE_P2P, type Multiaddr, multiaddr } from '@multiformats/multiaddr';
import { invalid } from '../../protocol/errors.ts';
import {
  type PublicKey,
  publicKeyFromBytes,
  publicKeyToBytes,
} from '../../protocol/identity/pid.ts';

// Making a PeerId costs a few µs and some allocations, reading an address more, and every PREPARE
// brings the same ones along. Bounded, so that strangers cannot grow them.
const MEMO_MAX = 20_000;
const peerIdByKey = new Map<PublicKey, PeerId>();
/** By peer and text, what {@link addressOfPeer} made of them. */
const addressByName = new Map<string, string>();

export function peerIdOf(key: PublicKey): PeerId {
  const known = peerIdByKey.get(key);
  if (known !== undefined) return known;
  if (peerIdByKey.size >= MEMO_MAX) peerIdByKey.clear();
  const peerId = peerIdFromPublicKey(publicKeyFromRaw(publicKeyToBytes(key)));
  peerIdByKey.set(key, peerId);
  return peerId;
}

/** The participant's key, or undefined if the identity is of another kind than Ed25519. */
export function publicKeyOf(peerId: PeerId): PublicKey | undefined {
  if (peerId.type !== 'Ed25519' || peerId.publicKey === undefined) return undefined;
  return publicKeyFromBytes(peerId.publicKey.raw);
}

/** @throws GeoError E009 `bad_address` */
export function parseAddress(text: string): Multiaddr {
  try {
    const address = multiaddr(text);
    if (address.getComponents().length > 0) return address;
  } catch {
    // falls through: the sentence below says what an address looks like
  }
  throw invalid(
    'bad_address',
    `"${text.slice(0, 120)}" is not an address. Expected is a multiaddr such as /ip4/192.0.2.1/tcp/4001/p2p/12D3Koo…, as \`geo id\` prints it.`,
    { address: text.slice(0, 120) },
  );
}

/**
 * The key that an address ends in (of a relayed address: the peer behind the relay); undefined if it
 * names none.
 * @throws GeoError E009 `bad_address` if it names something that is no Ed25519 key
 */
export function keyInAddress(address: Multiaddr): PublicKey | undefined {
  const last = address.getComponents().at(-1);
  if (last?.code !== CODE_P2P || last.value === undefined) return undefined;
  const key = publicKeyOf(peerIdFromString(last.value));
  if (key === undefined) {
    throw invalid(
      'bad_address',
      `The address ${address} names an identity that is not an Ed25519 key, so no participant is there.`,
      { address: address.toString() },
    );
  }
  return key;
}

/**
 * The address with the peer's identity at its end, so that a dial fails if someone else answers.
 * Undefined if the text is no address, or already names someone else.
 */
export function addressOfPeer(text: string, peer: PublicKey): string | undefined {
  const name = `${peer} ${text}`;
  const known = addressByName.get(name);
  if (known !== undefined) return known;
  const address = checkedAddress(text, peer);
  if (address === undefined) return undefined;
  if (addressByName.size >= MEMO_MAX) addressByName.clear();
  addressByName.set(name, address);
  return address;
}

function checkedAddress(text: string, peer: PublicKey): string | undefined {
  try {
    const address = parseAddress(text);
    const named = keyInAddress(address);
    if (named === undefined) return address.encapsulate(`/p2p/${peerIdOf(peer)}`).toString();
    return named === peer ? address.toString() : undefined;
  } catch {
    return undefined;
  }
}
