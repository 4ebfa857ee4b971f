/**
 * The clearing behind the vectors: Anna owes Bob, Bob owes Carol, Carol owes Anna. Anna proposes and
 * coordinates; Carol wanted to be asked, and has agreed.
 */
import { hashOf } from '../../protocol/identity/pid.ts';
import { encodeManifest } from '../../protocol/machines/manifest.ts';
import { parseSign1 } from '../../protocol/wire/cose.ts';
import { encodeBody } from '../../protocol/wire/envelope.ts';
import type { Consent, Proposal } from '../../protocol/wire/messages/clearing.ts';
import type { Manifest } from '../../protocol/wire/messages/payment.ts';
import type { About } from './messages-world.ts';
import { anna, bob, carol, NOW, type Person, sealBy, UAH } from './messages-world.ts';

export const PROPOSAL: Proposal = {
  coordinator_key: anna.key,
  equivalent: UAH,
  precision: 2,
  cycle: [anna.pid, bob.pid, carol.pid],
  amount: 1500n,
  nonce: new Uint8Array(16).fill(0x0c),
  created: NOW,
  expires: NOW + 3_600_000,
};
export const SIGNED_PROPOSAL = sealBy(anna, 'CLEARING_PROPOSE', PROPOSAL);
export const TX = hashOf(encodeBody('CLEARING_PROPOSE', PROPOSAL));

export const CONSENT: Consent = {
  tx: TX,
  participant_key: carol.key,
  amount: 1200n,
  expires: PROPOSAL.expires,
};

/** Against the debts, from Anna back to Anna. */
export const CLEARING: Manifest = {
  kind: 'clearing',
  order: SIGNED_PROPOSAL,
  attempt: 1,
  participants: [anna.pid, carol.pid, bob.pid],
  agents: [2, 1, 0],
  routes: [{ path: [0, 1, 2, 0], amount: 1200n }],
  voters: [bob.key, carol.key, anna.key],
  prepare_by: NOW + 5_000,
  consents: [sealBy(carol, 'CLEARING_ACCEPT', CONSENT)],
};
export const VOTERS: readonly Person[] = [bob, carol, anna];

/** The same as a chain: Carol owes Anna nothing, and Anna comes to owe her. */
const { consents: _, ...withoutConsents } = CLEARING;
export const SHORTENING: Manifest = {
  ...withoutConsents,
  order: sealBy(anna, 'CLEARING_PROPOSE', { ...PROPOSAL, shortens: true }),
};

export function aboutOf(manifest: Manifest): About {
  const tx = hashOf(parseSign1(manifest.order).payload);
  return { tx, attempt: manifest.attempt, manifest: hashOf(encodeManifest(manifest)) };
}
export const ABOUT = aboutOf(CLEARING);
export const ABOUT_SHORTENING = aboutOf(SHORTENING);

export function vote(voter: Person, about: About = ABOUT): Uint8Array {
  return sealBy(voter, 'CLEARING_PREPARE_ACK', { ...about, yes: true });
}

export function applied(voter: Person, about: About = ABOUT): Uint8Array {
  return sealBy(voter, 'CLEARING_COMMIT_ACK', { ...about, first_hand: true });
}
