/** Receipts, the proof of a debt as a file, and what is no proof. */
import { bytesToHex, concatBytes, hexToBytes } from '@noble/hashes/utils.js';
import { signWithSeed } from '../../protocol/identity/keys.ts';
import { encodeManifest } from '../../protocol/machines/manifest.ts';
import { encodeReceipt, type Receipt } from '../../protocol/receipt.ts';
import { sealSign1 } from '../../protocol/wire/cose.ts';
import { encodeBody } from '../../protocol/wire/envelope.ts';
import * as c from './clearing-world.ts';
import * as w from './messages-world.ts';

export interface ReceiptCase {
  readonly name: string;
  readonly bytes: string;
  readonly valid: boolean;
  /** Empty if valid. `unreadable`: refused before anything is verified. */
  readonly reason:
    | ''
    | 'unreadable'
    | 'order_not_signed'
    | 'proposal_not_signed'
    | 'vote_missing'
    | 'vote_not_valid'
    | 'vote_is_no'
    | 'not_applied';
  /** In valid ones: what the receipt proves. */
  readonly tx?: string;
  readonly debts?: readonly {
    readonly debtor: string;
    readonly creditor: string;
    readonly delta: string;
  }[];
}

const MANIFEST = encodeManifest(w.MANIFEST);
const VOTES = w.VOTERS.map((voter) => w.vote(voter));
const GOOD: Receipt = { manifest: MANIFEST, votes: VOTES, applied: [w.applied(w.dave)] };
/** Each debtor came to owe its creditor this much more. */
const DEBTS = [
  { debtor: w.anna.pid, creditor: w.bob.pid, delta: '20.00' },
  { debtor: w.bob.pid, creditor: w.dave.pid, delta: '20.00' },
  { debtor: w.anna.pid, creditor: w.carol.pid, delta: '22.50' },
  { debtor: w.carol.pid, creditor: w.dave.pid, delta: '22.50' },
];

function valid(name: string, change: Partial<Receipt>): ReceiptCase {
  const bytes = bytesToHex(encodeReceipt({ ...GOOD, ...change }));
  return { name, bytes, valid: true, reason: '', tx: w.ABOUT.tx, debts: DEBTS };
}

function refused(
  name: string,
  reason: ReceiptCase['reason'],
  change: Partial<Receipt>,
): ReceiptCase {
  const bytes = bytesToHex(encodeReceipt({ ...GOOD, ...change }));
  return { name, bytes, valid: false, reason };
}

/** Eve's signature under Bob's name. */
function forgedVote(): Uint8Array {
  const payload = encodeBody('PAYMENT_PREPARE_ACK', { ...w.ABOUT, yes: true });
  return sealSign1('PAYMENT_PREPARE_ACK', payload, w.bob.key, (bytes) =>
    signWithSeed(w.eve.seed, bytes),
  );
}

/** The same order in Anna's name, signed by Eve. */
function forgedOrder(): Receipt {
  const payload = encodeBody('PAYMENT_REQUEST', w.ORDER);
  const order = sealSign1('PAYMENT_REQUEST', payload, w.anna.key, (bytes) =>
    signWithSeed(w.eve.seed, bytes),
  );
  const manifest = { ...w.MANIFEST, order };
  const about = w.aboutOf(manifest);
  return {
    manifest: encodeManifest(manifest),
    votes: w.VOTERS.map((voter) => w.vote(voter, about)),
    applied: [w.applied(w.dave, undefined, about)],
  };
}

const CLEARED: Receipt = {
  manifest: encodeManifest(c.CLEARING),
  votes: c.VOTERS.map((voter) => c.vote(voter)),
  applied: [c.applied(w.bob)],
};

function clearing(name: string, reason: ReceiptCase['reason'], receipt: Receipt): ReceiptCase {
  const bytes = bytesToHex(encodeReceipt(receipt));
  if (reason !== '') return { name, bytes, valid: false, reason };
  const debts = [
    { debtor: w.carol.pid, creditor: w.anna.pid, delta: '-12.00' },
    { debtor: w.bob.pid, creditor: w.carol.pid, delta: '-12.00' },
    { debtor: w.anna.pid, creditor: w.bob.pid, delta: '-12.00' },
  ];
  return { name, bytes, valid: true, reason, tx: c.TX, debts };
}

function shortening(): ReceiptCase {
  const receipt: Receipt = {
    manifest: encodeManifest(c.SHORTENING),
    votes: c.VOTERS.map((voter) => c.vote(voter, c.ABOUT_SHORTENING)),
    applied: [c.applied(w.bob, c.ABOUT_SHORTENING)],
  };
  const bytes = bytesToHex(encodeReceipt(receipt));
  const debts = [
    { debtor: w.anna.pid, creditor: w.carol.pid, delta: '12.00' },
    { debtor: w.bob.pid, creditor: w.carol.pid, delta: '-12.00' },
    { debtor: w.anna.pid, creditor: w.bob.pid, delta: '-12.00' },
  ];
  const { tx } = c.ABOUT_SHORTENING;
  return { name: 'of a chain that was shortened', bytes, valid: true, reason: '', tx, debts };
}

/** The same proposal in Anna's name, signed by Eve. */
function forgedProposal(): Receipt {
  const payload = encodeBody('CLEARING_PROPOSE', c.PROPOSAL);
  const order = sealSign1('CLEARING_PROPOSE', payload, w.anna.key, (bytes) =>
    signWithSeed(w.eve.seed, bytes),
  );
  const manifest = { ...c.CLEARING, order };
  const about = c.aboutOf(manifest);
  return {
    manifest: encodeManifest(manifest),
    votes: c.VOTERS.map((voter) => c.vote(voter, about)),
    applied: [c.applied(w.bob, about)],
  };
}

export function receiptCases(): ReceiptCase[] {
  const [, ...withoutBob] = VOTES;
  const good = encodeReceipt(GOOD);
  const unreadable = (name: string, bytes: Uint8Array): ReceiptCase => {
    return { name, bytes: bytesToHex(bytes), valid: false, reason: 'unreadable' };
  };
  return [
    valid('votes of all, one first-hand applied', {}),
    valid('votes in another order', { votes: [...VOTES].reverse() }),
    valid('everybody applied, one of them after withdrawing', {
      applied: [w.applied(w.bob), w.applied(w.carol, w.applied(w.dave)), w.applied(w.dave)],
    }),
    clearing('of a clearing', '', CLEARED),
    shortening(),
    clearing('of a clearing, a vote is missing', 'vote_missing', {
      ...CLEARED,
      votes: CLEARED.votes.slice(1),
    }),
    clearing('of a clearing, with votes as for a payment', 'vote_not_valid', {
      ...CLEARED,
      votes: c.VOTERS.map((voter) => w.vote(voter, c.ABOUT)),
    }),
    clearing('of a clearing, applied as a payment', 'not_applied', {
      ...CLEARED,
      applied: [w.applied(w.bob, undefined, c.ABOUT)],
    }),
    clearing(
      'of a clearing whose proposal is signed by someone else',
      'proposal_not_signed',
      forgedProposal(),
    ),
    refused('a vote is missing', 'vote_missing', { votes: withoutBob }),
    refused('a vote twice instead of another', 'vote_missing', {
      votes: [withoutBob[0]!, ...withoutBob],
    }),
    refused('a forged vote', 'vote_not_valid', { votes: [forgedVote(), ...withoutBob] }),
    refused('a vote of someone who is no voter', 'vote_not_valid', {
      votes: [...VOTES, w.vote(w.eve)],
    }),
    refused('a vote for another attempt', 'vote_not_valid', {
      votes: [w.vote(w.bob, w.OTHER_ABOUT), ...withoutBob],
    }),
    refused('a WITHDRAW in place of a vote', 'vote_not_valid', {
      votes: [w.withdraw(w.bob), ...withoutBob],
    }),
    refused('a NO in place of a vote', 'vote_is_no', { votes: [w.refuse(w.bob), ...withoutBob] }),
    refused('a NO beside all votes', 'vote_is_no', { votes: [...VOTES, w.refuse(w.bob)] }),
    refused('nobody applied', 'not_applied', { applied: [] }),
    refused('the coordinator alone applied', 'not_applied', { applied: [w.applied(w.anna)] }),
    refused('applied, but nobody first-hand', 'not_applied', {
      applied: [w.applied(w.carol, w.applied(w.dave))],
    }),
    refused('another attempt was applied', 'not_applied', {
      applied: [w.applied(w.dave, undefined, w.OTHER_ABOUT)],
    }),
    refused('the order is signed by someone else', 'order_not_signed', forgedOrder()),
    refused('the manifest does not hold together', 'unreadable', {
      manifest: encodeManifest({ ...w.MANIFEST, attempt: 1, agents: [3, 0, 2] }),
    }),
    unreadable('a trailing byte', concatBytes(good, Uint8Array.of(0))),
    unreadable('cut short', good.subarray(0, -1)),
    unreadable('an order and nothing more', w.SIGNED_ORDER),
    unreadable('an empty map', hexToBytes('a0')),
    unreadable('nothing', new Uint8Array(0)),
  ];
}
