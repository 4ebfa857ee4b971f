/** The messages of joining and leaving a community: Anna joins the one whose hub Bob is. */
import { signInvitationUse } from '../../protocol/invitation.ts';
import { parseEquivalentCode } from '../../protocol/money/equivalent.ts';
import type { ValidMessage } from './messages-cases.ts';
import * as w from './messages-world.ts';

const PROFILE = { kind: 'person', name: 'Anna', about: '' } as const;
const MEMBERSHIP = {
  hub_key: w.bob.key,
  participant: w.anna.pid,
  reason: '',
  community: 'The village',
  about: 'whoever lives by the mill',
  equivalents: [],
  made: w.NOW,
};
const DEFINITION = {
  code: parseEquivalentCode('HOUR'),
  precision: 1,
  metadata: [['name', 'an hour of work']],
} as const;

export const MEMBERSHIP_MESSAGES: readonly ValidMessage[] = [
  {
    name: 'an organization, invited',
    type: 'JOIN_REQUEST',
    body: {
      participant_key: w.anna.key,
      hub: w.bob.pid,
      profile: { kind: 'organization', name: 'Пекарня', about: 'bread, and what goes with it' },
      invitation: signInvitationUse(w.CODE, { participant: w.anna.pid, hub: w.bob.pid }),
      nonce: new Uint8Array(16).fill(8),
      created: w.NOW,
    },
    signer: w.anna,
  },
  {
    name: 'asks whether it still is a member',
    type: 'JOIN_REQUEST',
    body: {
      participant_key: w.anna.key,
      hub: w.bob.pid,
      profile: PROFILE,
      nonce: new Uint8Array(16).fill(9),
      created: w.NOW + 1,
    },
    signer: w.anna,
  },
  {
    name: 'taken in',
    type: 'JOIN_REPLY',
    body: {
      ...MEMBERSHIP,
      status: 'active',
      sequence: 1,
      equivalents: [DEFINITION],
      answers: w.ABOUT.manifest,
    },
    signer: w.bob,
  },
  {
    name: 'turned away by a rule',
    type: 'JOIN_REPLY',
    body: {
      ...MEMBERSHIP,
      status: 'refused',
      sequence: 0,
      reason: 'The invitation has expired. Ask the operators of the community for a new one.',
      fault: 'code_expired',
      answers: w.ABOUT.manifest,
    },
    signer: w.bob,
  },
  {
    name: 'suspended by an operator',
    type: 'JOIN_REPLY',
    body: { ...MEMBERSHIP, status: 'suspended', sequence: 7, reason: 'lost her key' },
    signer: w.bob,
  },
  {
    name: 'another profile',
    type: 'PROFILE_UPDATE',
    body: {
      participant_key: w.anna.key,
      hub: w.bob.pid,
      profile: PROFILE,
      leaves: false,
      created: w.NOW + 2,
    },
    signer: w.anna,
  },
  {
    name: 'leaves',
    type: 'PROFILE_UPDATE',
    body: {
      participant_key: w.anna.key,
      hub: w.bob.pid,
      profile: PROFILE,
      leaves: true,
      created: w.NOW + 3,
    },
    signer: w.anna,
  },
  {
    name: 'an hour of work',
    type: 'EQUIVALENT_DEFINE',
    body: { hub_key: w.bob.key, definition: DEFINITION, made: w.NOW },
    signer: w.bob,
  },
  {
    name: 'suspends a member',
    type: 'OPERATOR_REQUEST',
    body: {
      operator_key: w.carol.key,
      hub: w.bob.pid,
      method: 'changeMember',
      argument: JSON.stringify({ member: w.anna.pid, act: 'suspend', reason: 'lost her key' }),
      nonce: new Uint8Array(16).fill(3),
      created: w.NOW,
    },
    signer: w.carol,
  },
  {
    name: 'done',
    type: 'OPERATOR_REPLY',
    body: { answers: w.ABOUT.manifest, done: true, result: '{"status":"suspended"}' },
  },
];
