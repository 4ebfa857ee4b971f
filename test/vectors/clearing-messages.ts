/** Messages of a clearing, for `messages.json`. */
import { encodeManifest } from '../../protocol/machines/manifest.ts';
import * as c from './clearing-world.ts';
import type { ValidMessage } from './messages-cases.ts';
import * as w from './messages-world.ts';

const NO_EVIDENCE = { votes: [], withdrawals: [], applied: [] };
const votes = c.VOTERS.map((voter) => c.vote(voter));

export const CLEARING_MESSAGES: readonly ValidMessage[] = [
  { name: 'a cycle of three', type: 'CLEARING_PROPOSE', body: c.PROPOSAL, signer: w.anna },
  {
    name: 'a cycle of ten, of the smallest amount',
    type: 'CLEARING_PROPOSE',
    body: {
      ...c.PROPOSAL,
      amount: 1n,
      cycle: [w.anna, w.bob, w.carol, w.dave, w.eve, ...w.CROWD].map(({ pid }) => pid),
    },
    signer: w.anna,
  },
  {
    name: 'a chain that is to become one debt',
    type: 'CLEARING_PROPOSE',
    body: { ...c.PROPOSAL, shortens: true },
    signer: w.anna,
  },
  { name: 'up to less than proposed', type: 'CLEARING_ACCEPT', body: c.CONSENT, signer: w.carol },
  {
    name: 'and why',
    type: 'CLEARING_REJECT',
    body: {
      tx: c.TX,
      participant_key: w.carol.key,
      fault: 'consent_refused',
      text: 'A participant of the cycle does not want it cleared.',
    },
    signer: w.carol,
  },
  {
    name: 'to a voter',
    type: 'CLEARING_PREPARE',
    body: { manifest: encodeManifest(c.CLEARING), contacts: [[w.bob.key, []]] },
  },
  { name: 'YES', type: 'CLEARING_PREPARE_ACK', body: { ...c.ABOUT, yes: true }, signer: w.bob },
  {
    name: 'NO, and what would do',
    type: 'CLEARING_PREPARE_ACK',
    body: {
      ...c.ABOUT,
      yes: false,
      code: 'E002',
      fault: 'debt_too_small',
      text: 'A debt of the cycle is smaller than the amount to be cleared.',
      hop: [w.carol.pid, w.bob.pid],
      available: 700n,
    },
    signer: w.bob,
  },
  {
    name: 'certificate',
    type: 'CLEARING_COMMIT',
    body: { ...c.ABOUT, evidence: { ...NO_EVIDENCE, votes } },
  },
  {
    name: 'a WITHDRAW as its ground',
    type: 'CLEARING_ABORT',
    body: {
      ...c.ABOUT,
      evidence: { ...NO_EVIDENCE, withdrawals: [w.withdraw(w.bob, c.ABOUT)] },
    },
  },
  {
    name: 'first-hand',
    type: 'CLEARING_COMMIT_ACK',
    body: { ...c.ABOUT, first_hand: true },
    signer: w.bob,
  },
  {
    name: 'from whoever is owed to whoever owes it',
    type: 'CLEARING_SEARCH',
    body: {
      id: new Uint8Array(16).fill(0x5e),
      payer: w.carol.pid,
      payee: w.bob.pid,
      equivalent: w.UAH,
      amount: 1200n,
      hops: 4,
      wait_ms: 850,
      budget: 15,
      avoid: [],
    },
  },
  {
    name: 'one debt that closes the cycle',
    type: 'CLEARING_FOUND',
    body: {
      id: new Uint8Array(16).fill(0x5e),
      nodes: [
        [w.anna.key, []],
        [w.bob.key, ['/ip4/192.0.2.1/tcp/4001']],
      ],
      hops: [[0, 1, 1200n]],
      repeated: false,
      cost: 0,
    },
  },
  {
    name: 'on along marks alone',
    type: 'CLEARING_SEARCH',
    body: {
      id: new Uint8Array(16).fill(0x5f),
      payer: w.carol.pid,
      payee: w.bob.pid,
      equivalent: w.UAH,
      amount: 1200n,
      hops: 3,
      wait_ms: 640,
      budget: 7,
      avoid: [],
      meet: 3,
    },
  },
  {
    name: 'for a chain from Anna to Carol',
    type: 'CLEARING_SEARCH',
    body: {
      id: new Uint8Array(16).fill(0x60),
      payer: w.anna.pid,
      payee: w.carol.pid,
      equivalent: w.UAH,
      amount: 1200n,
      hops: 2,
      wait_ms: 850,
      budget: 15,
      avoid: [],
      shortens: true,
    },
  },
  {
    name: 'those who owe Bob are on the way',
    type: 'CLEARING_MARK',
    body: {
      id: new Uint8Array(16).fill(0x5f),
      equivalent: w.UAH,
      to: w.bob.pid,
      hops: 3,
      budget: 23,
    },
  },
];
