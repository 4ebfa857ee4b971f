/**
 * Who stands behind the message vectors: four participants, one order over two routes, its manifest,
 * and whatever its voters may sign. Everything follows from the seeds; nothing is random.
 *
 *     Anna → Bob   → Dave   20.00
 *     Anna → Carol → Dave   22.50      Anna pays, and coordinates: the last voter
 */
import { publicKeyFromSeed, signWithSeed } from '../../protocol/identity/keys.ts';
import {
  type Hash,
  hashOf,
  type Pid,
  type PublicKey,
  pidFromPublicKey,
} from '../../protocol/identity/pid.ts';
import { encodeManifest } from '../../protocol/machines/manifest.ts';
import { parseEquivalentCode } from '../../protocol/money/equivalent.ts';
import { encodeBody, seal } from '../../protocol/wire/envelope.ts';
import type { MessageBody, MessageName } from '../../protocol/wire/message-types.ts';
import type { AgentGrant } from '../../protocol/wire/messages/agent.ts';
import type { Vote } from '../../protocol/wire/messages/evidence.ts';
import type { Manifest, Order } from '../../protocol/wire/messages/payment.ts';

export interface Person {
  readonly seed: Uint8Array;
  readonly key: PublicKey;
  readonly pid: Pid;
}

function person(byte: number): Person {
  const seed = new Uint8Array(32).fill(byte);
  const key = publicKeyFromSeed(seed);
  return { seed, key, pid: pidFromPublicKey(key) };
}

export const anna = person(0xa1);
export const bob = person(0xb2);
export const carol = person(0xc3);
export const dave = person(0xd4);
/** Takes no part in the payment. */
export const eve = person(0xee);
/** Others whom a long cycle passes. */
export const CROWD: readonly Person[] = [1, 2, 3, 4, 5].map(person);

export const UAH = parseEquivalentCode('UAH');
/** 2026-01-01T00:00:00Z. */
export const NOW = 1_767_225_600_000;

/** An invitation code of Bob's community. */
export const CODE = '7K3M-QX0P-2VBN-C5TA';

/** Signs a message as its type asks for. */
export function sealBy<N extends MessageName>(
  { seed, key }: Person,
  type: N,
  body: MessageBody<N>,
): Uint8Array {
  return seal(type, body, key, (message) => signWithSeed(seed, message));
}

export const ORDER: Order = {
  payer_key: anna.key,
  payee: dave.pid,
  equivalent: UAH,
  precision: 2,
  amount: 4250n,
  max_hops: 6,
  max_paths: 3,
  avoid: [],
  coordinator: anna.pid,
  nonce: new Uint8Array(16).fill(0x0f),
  created: NOW,
  expires: NOW + 120_000,
};
export const SIGNED_ORDER = sealBy(anna, 'PAYMENT_REQUEST', ORDER);

export const MANIFEST: Manifest = {
  kind: 'payment',
  order: SIGNED_ORDER,
  attempt: 1,
  participants: [anna.pid, bob.pid, dave.pid, carol.pid],
  agents: [3, 0, 2, 1],
  routes: [
    { path: [0, 1, 2], amount: 2000n },
    { path: [0, 3, 2], amount: 2250n },
  ],
  voters: [bob.key, carol.key, dave.key, anna.key],
  prepare_by: NOW + 5_000,
};
/** Carol lets Eve vote for her. */
export const GRANT: AgentGrant = {
  member_key: carol.key,
  agent_key: eve.key,
  sequence: 1,
  created: NOW,
  expires: NOW + 86_400_000,
  scope: { pay: true, carry: true, clear: false },
};
export const SIGNED_GRANT = sealBy(carol, 'AGENT_GRANT', GRANT);
/** The same payment, with Eve as Carol's agent. */
export const HOSTED_MANIFEST: Manifest = {
  ...MANIFEST,
  voters: [bob.key, eve.key, dave.key, anna.key],
  grants: [SIGNED_GRANT],
};

/** In the order of the manifest's voters. */
export const VOTERS: readonly Person[] = [bob, carol, dave, anna];

/** What every statement about an attempt begins with. */
export interface About {
  readonly tx: Hash;
  readonly attempt: number;
  readonly manifest: Hash;
}

export function aboutOf(manifest: Manifest): About {
  return {
    tx: hashOf(encodeBody('PAYMENT_REQUEST', ORDER)),
    attempt: manifest.attempt,
    manifest: hashOf(encodeManifest(manifest)),
  };
}

export const ABOUT = aboutOf(MANIFEST);
/** A second attempt of the same order over the same routes. */
export const OTHER_ABOUT = aboutOf({ ...MANIFEST, attempt: 2 });

export const NO_REASON: Partial<Vote> = {
  code: 'E002',
  fault: 'insufficient_capacity',
  text: 'A trust line on the route cannot carry that much now.',
  hop: [anna.pid, bob.pid],
  available: 1999n,
};

export function vote(voter: Person, about: About = ABOUT): Uint8Array {
  return sealBy(voter, 'PAYMENT_PREPARE_ACK', { ...about, yes: true });
}

export function refuse(voter: Person, about: About = ABOUT): Uint8Array {
  return sealBy(voter, 'PAYMENT_PREPARE_ACK', { ...about, yes: false, ...NO_REASON });
}

export function withdraw(voter: Person, about: About = ABOUT): Uint8Array {
  return sealBy(voter, 'WITHDRAW', about);
}

/** First-hand, unless it rests on another's. */
export function applied(voter: Person, restsOn?: Uint8Array, about: About = ABOUT): Uint8Array {
  return sealBy(voter, 'PAYMENT_COMMIT_ACK', {
    ...about,
    first_hand: restsOn === undefined,
    ...(restsOn === undefined ? {} : { rests_on: restsOn }),
  });
}
