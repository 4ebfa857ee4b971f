/** Every message as a whole frame, with all that goes into it. The refused ones are in `messages-faults.ts`. */
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { sealNote } from '../../protocol/identity/sealed-note.ts';
import { applyChange, newEdge } from '../../protocol/ledger/edge.ts';
import { AMOUNT_MAX } from '../../protocol/limits.ts';
import { encodeManifest } from '../../protocol/machines/manifest.ts';
import { decode } from '../../protocol/wire/cbor.ts';
import { bareFrame, encodeBody, signedFrame } from '../../protocol/wire/envelope.ts';
import { MESSAGES, type MessageBody, type MessageName } from '../../protocol/wire/message-types.ts';
import { CLEARING_MESSAGES } from './clearing-messages.ts';
import { MEMBERSHIP_MESSAGES } from './messages-membership.ts';
import { ROUTE_MESSAGES } from './messages-routes.ts';
import * as w from './messages-world.ts';
import { type Portable, toPortable } from './portable.ts';

export interface MessageCase {
  readonly name: string;
  readonly type: MessageName;
  readonly number: number;
  /** Whole: what follows the four bytes of length on a stream. */
  readonly frame: string;
  readonly valid: boolean;
  /** Empty if valid; otherwise the `fault` of the refusal. */
  readonly reason: string;
  /** Of a signed type: the key that the receiver expects, and its seed. */
  readonly public_key?: string;
  readonly seed?: string;
  /** In valid ones: the message's CBOR, the COSE_Sign1 round it if it is signed, and what it says. */
  readonly payload?: string;
  readonly envelope?: string;
  readonly message?: Portable;
}

export type ValidMessage = {
  [N in MessageName]: {
    readonly name: string;
    readonly type: N;
    readonly body: MessageBody<N>;
    /** Present for signed types. */
    readonly signer?: w.Person;
  };
}[MessageName];

const POLICY = { auto_clearing: true, can_be_intermediate: true, blocked_participants: [] };
const LINE: MessageBody<'TRUST_LINE_CREATE'> = {
  from_key: w.bob.key,
  to: w.anna.pid,
  equivalent: w.UAH,
  precision: 2,
  limit: 100_000n,
  status: 'active',
  policy: POLICY,
  sequence: 1,
  changed: w.NOW,
};
const ACK = { from: w.bob.pid, to: w.anna.pid, equivalent: w.UAH, sequence: 1 };
const BYTES = encodeManifest(w.MANIFEST);
const NO_EVIDENCE = { votes: [], withdrawals: [], applied: [] };
const CERTIFICATE = w.VOTERS.map((voter) => w.vote(voter));
const CONTACTS: MessageBody<'PAYMENT_PREPARE'>['contacts'] = [
  [w.bob.key, ['/ip4/192.0.2.1/tcp/4001', '/ip4/192.0.2.1/tcp/4002/ws']],
  [w.carol.key, []],
];
const EDGE = { low: w.anna.pid, high: w.bob.pid, equivalent: w.UAH };
/** After the payment: Anna, the lower end, owes Bob 20.00. */
const { balance, count, digest } = applyChange(newEdge(EDGE, 2), w.ABOUT.tx, 1, -2000n);
const BOOKS = { ...EDGE, precision: 2, balance, count, digest };
const SEQUENCES = { low_sequence: 0, high_sequence: 1 };
const NOTE = sealNote('for the honey', w.dave.key, new Uint8Array(32).fill(0x0e), w.ORDER.nonce);

export const VALID_MESSAGES: readonly ValidMessage[] = [
  { name: 'a line of 1000.00', type: 'TRUST_LINE_CREATE', body: LINE, signer: w.bob },
  {
    name: 'with every policy, largest limit',
    type: 'TRUST_LINE_UPDATE',
    body: {
      ...LINE,
      limit: AMOUNT_MAX,
      policy: {
        auto_clearing: false,
        can_be_intermediate: false,
        daily_limit: 500n,
        clearing_limit: 300n,
        allow_shortening: true,
        blocked_participants: [w.eve.pid],
      },
      sequence: 2,
    },
    signer: w.bob,
  },
  {
    name: 'frozen',
    type: 'TRUST_LINE_UPDATE',
    body: { ...LINE, status: 'frozen', sequence: 3 },
    signer: w.bob,
  },
  {
    name: 'closed',
    type: 'TRUST_LINE_CLOSE',
    body: { ...LINE, limit: 0n, status: 'closed', sequence: Number.MAX_SAFE_INTEGER },
    signer: w.bob,
  },
  { name: 'accepted', type: 'TRUST_LINE_ACK', body: { ...ACK, accepted: true } },
  {
    name: 'refused',
    type: 'TRUST_LINE_ACK',
    body: {
      ...ACK,
      accepted: false,
      code: 'E009',
      fault: 'unknown_equivalent',
      text: 'The peer does not know UAH.',
    },
  },
  { name: 'an order', type: 'PAYMENT_REQUEST', body: w.ORDER, signer: w.anna },
  {
    name: 'an order of the smallest amount, with a note and someone to avoid',
    type: 'PAYMENT_REQUEST',
    body: { ...w.ORDER, amount: 1n, avoid: [w.eve.pid], note_hash: w.ABOUT.manifest },
    signer: w.anna,
  },
  {
    name: 'to a voter',
    type: 'PAYMENT_PREPARE',
    body: { manifest: BYTES, contacts: CONTACTS },
  },
  {
    name: "to the payee's agent, with a note",
    type: 'PAYMENT_PREPARE',
    body: { manifest: BYTES, contacts: [], note: NOTE },
  },
  { name: 'YES', type: 'PAYMENT_PREPARE_ACK', body: { ...w.ABOUT, yes: true }, signer: w.bob },
  {
    name: 'NO, and why',
    type: 'PAYMENT_PREPARE_ACK',
    body: { ...w.ABOUT, yes: false, ...w.NO_REASON },
    signer: w.bob,
  },
  {
    name: 'certificate',
    type: 'PAYMENT_COMMIT',
    body: { ...w.ABOUT, evidence: { ...NO_EVIDENCE, votes: CERTIFICATE } },
  },
  {
    name: 'repeated, with the manifest and an `applied`',
    type: 'PAYMENT_COMMIT',
    body: {
      ...w.ABOUT,
      bytes: BYTES,
      evidence: { ...NO_EVIDENCE, votes: CERTIFICATE, applied: [w.applied(w.dave)] },
    },
  },
  {
    name: 'a NO as its ground',
    type: 'PAYMENT_ABORT',
    body: { ...w.ABOUT, evidence: { ...NO_EVIDENCE, votes: [w.refuse(w.bob)] } },
  },
  {
    name: 'the full set of WITHDRAWs as its ground',
    type: 'PAYMENT_ABORT',
    body: {
      ...w.ABOUT,
      evidence: { ...NO_EVIDENCE, withdrawals: [w.bob, w.carol, w.dave].map((v) => w.withdraw(v)) },
    },
  },
  {
    name: 'first-hand',
    type: 'PAYMENT_COMMIT_ACK',
    body: { ...w.ABOUT, first_hand: true },
    signer: w.dave,
  },
  {
    name: "resting on another's",
    type: 'PAYMENT_COMMIT_ACK',
    body: { ...w.ABOUT, first_hand: false, rests_on: w.applied(w.dave) },
    signer: w.carol,
  },
  { name: 'ahead of an order', type: 'PAYMENT_NOTE', body: { note: NOTE } },
  { name: 'paid', type: 'PAYMENT_REPLY', body: { tx: w.ABOUT.tx, committed: true } },
  {
    name: 'not paid, and why',
    type: 'PAYMENT_REPLY',
    body: {
      tx: w.ABOUT.tx,
      committed: false,
      code: 'E002',
      fault: 'insufficient_capacity',
      text: 'At most 19.99 UAH can get through.',
      available: 1999n,
    },
  },
  ...CLEARING_MESSAGES,
  {
    name: 'first round',
    type: 'STATUS_QUERY',
    body: { manifest: BYTES, round: 1, evidence: { ...NO_EVIDENCE, votes: [w.vote(w.bob)] } },
  },
  {
    name: 'in doubt',
    type: 'STATUS_REPLY',
    body: {
      ...w.ABOUT,
      round: 1,
      stance: 'doubt',
      evidence: { ...NO_EVIDENCE, votes: [w.vote(w.carol)] },
    },
  },
  {
    name: 'withdrawn',
    type: 'STATUS_REPLY',
    body: {
      ...w.ABOUT,
      round: 0xffff_ffff,
      stance: 'withdrawn',
      evidence: { ...NO_EVIDENCE, withdrawals: [w.withdraw(w.carol)] },
    },
  },
  {
    name: 'with own YES and WITHDRAW',
    type: 'WITHDRAW_REQUEST',
    body: {
      manifest: BYTES,
      evidence: { votes: [w.vote(w.bob)], withdrawals: [w.withdraw(w.bob)], applied: [] },
    },
  },
  { name: 'of a voter', type: 'WITHDRAW', body: w.ABOUT, signer: w.bob },
  {
    name: 'asks for the other book',
    type: 'EDGE_DIGEST',
    body: { ...BOOKS, ...SEQUENCES, base: 0, answer: true },
  },
  {
    name: 'list of what was applied',
    type: 'EDGE_HISTORY',
    body: { ...EDGE, base: 0, offset: 0, applied: [w.ABOUT.manifest], complete: true },
  },
  {
    name: 'wishes and newer lines',
    type: 'EDGE_HISTORY',
    body: {
      ...EDGE,
      base: 0,
      offset: 0,
      complete: false,
      wanted: [w.ABOUT.manifest],
      lines: [['TRUST_LINE_CREATE', w.sealBy(w.bob, 'TRUST_LINE_CREATE', LINE)]],
    },
  },
  {
    name: 'of the higher end',
    type: 'EDGE_STATEMENT',
    body: { ...BOOKS, ...SEQUENCES, made: w.NOW },
    signer: w.bob,
  },
  ...ROUTE_MESSAGES,
  { name: 'to an agent', type: 'AGENT_GRANT', body: w.GRANT, signer: w.carol },
  {
    name: 'to say YES to nothing',
    type: 'AGENT_GRANT',
    body: { ...w.GRANT, sequence: 2, scope: { pay: false, carry: false, clear: false } },
    signer: w.carol,
  },
  {
    name: 'votes for herself again',
    type: 'AGENT_REVOKE',
    body: { member_key: w.carol.key, sequence: 3, created: w.NOW + 1 },
    signer: w.carol,
  },
  {
    name: 'asks for her books',
    type: 'MEMBER_QUERY',
    body: { member_key: w.carol.key, agent: w.eve.pid, created: w.NOW },
    signer: w.carol,
  },
  { name: 'who votes for carol?', type: 'AGENT_QUERY', body: { member: w.carol.pid } },
  {
    name: 'signs in with a challenge',
    type: 'SIGN_IN',
    body: { participant_key: w.carol.key, node: w.eve.pid, challenge: hexToBytes('00'.repeat(40)) },
    signer: w.carol,
  },
  { name: 'has come', type: 'AGENT_ACK', body: { member: w.carol.pid, sequence: 3 } },
  ...MEMBERSHIP_MESSAGES,
  { name: 'a nonce', type: 'PING', body: { nonce: hexToBytes('0001020304050607') } },
  { name: 'the nonce of the PING', type: 'PONG', body: { nonce: hexToBytes('0001020304050607') } },
  {
    name: 'about a message',
    type: 'ERROR',
    body: {
      code: 'E006',
      fault: 'not_a_voter',
      text: 'Only a voter of the attempt may speak about it.',
      about: 'PAYMENT_COMMIT',
    },
  },
  {
    name: 'about something unreadable',
    type: 'ERROR',
    body: { code: 'E009', fault: 'bad_cbor', text: 'Not deterministic CBOR.' },
  },
];

export function validCase({ name, type, body, signer }: ValidMessage): MessageCase {
  const payload = encodeBody(type, body);
  const envelope = signer && w.sealBy(signer, type, body);
  const frame = envelope === undefined ? bareFrame(type, body) : signedFrame(type, envelope);
  return {
    name: `${type}: ${name}`,
    type,
    number: MESSAGES[type].number,
    frame: bytesToHex(frame),
    valid: true,
    reason: '',
    ...(signer && { public_key: signer.key, seed: bytesToHex(signer.seed) }),
    payload: bytesToHex(payload),
    ...(envelope && { envelope: bytesToHex(envelope) }),
    message: toPortable(decode(payload)),
  };
}
