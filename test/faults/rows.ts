/** The rows of the fault matrix: which message, on which ways, and how each fault is to end. */
import type { MessageName } from '../../protocol/wire/message-types.ts';
import { CHAINS, CLEARING, LONG_CYCLES, MEMBERS_ASKED } from './clearing-rows.ts';
import { AMONG_VOTERS, type Row, TO_PAYER, TO_VOTERS } from './row.ts';
import type { Cast } from './stage.ts';

const PAYMENT: readonly Row[] = [
  {
    scenario: 'paid',
    type: 'PAYMENT_PREPARE',
    ways: TO_VOTERS,
    ends: 'not paid',
    but: { duplicate: 'paid' },
  },
  {
    scenario: 'paid',
    type: 'PAYMENT_PREPARE_ACK',
    ways: TO_PAYER,
    ends: 'not paid',
    // A voter that comes back sends its vote again.
    but: { duplicate: 'paid', 'kill sender': 'paid' },
  },
  { scenario: 'paid', type: 'PAYMENT_COMMIT', ways: TO_VOTERS, ends: 'paid' },
  { scenario: 'paid', type: 'PAYMENT_COMMIT_ACK', ways: TO_PAYER, ends: 'paid' },
  { scenario: 'refused', type: 'PAYMENT_PREPARE_ACK', ways: TO_PAYER, ends: 'not paid' },
  { scenario: 'refused', type: 'PAYMENT_ABORT', ways: ['payer>middle'], ends: 'not paid' },
];

const RECOVERY: readonly Row[] = [
  {
    scenario: 'inDoubt',
    type: 'STATUS_QUERY',
    ways: TO_PAYER,
    ends: 'paid',
    // A coordinator that is silent for a whole round of asking: the voters withdraw.
    but: { 'kill receiver': 'not paid' },
  },
  { scenario: 'inDoubt', type: 'STATUS_QUERY', ways: AMONG_VOTERS, ends: 'paid' },
  {
    scenario: 'inDoubt',
    type: 'STATUS_REPLY',
    ways: [...TO_VOTERS, ...AMONG_VOTERS],
    ends: 'paid',
  },
  { scenario: 'coordinatorGone', type: 'STATUS_QUERY', ways: AMONG_VOTERS, ends: 'not paid' },
  {
    scenario: 'coordinatorGone',
    type: 'STATUS_REPLY',
    ways: [...AMONG_VOTERS, ...TO_PAYER],
    ends: 'not paid',
  },
  { scenario: 'coordinatorGone', type: 'WITHDRAW_REQUEST', ways: AMONG_VOTERS, ends: 'not paid' },
  {
    scenario: 'coordinatorGone',
    type: 'WITHDRAW',
    ways: TO_PAYER,
    ends: 'not paid',
    without: ['kill receiver'], // It is down already.
  },
];

const LINES: readonly Row[] = [
  {
    scenario: 'lineCreated',
    type: 'TRUST_LINE_CREATE',
    ways: ['payer>middle'],
    ends: 'line in force',
  },
  {
    scenario: 'lineCreated',
    type: 'TRUST_LINE_ACK',
    ways: ['middle>payer'],
    ends: 'line in force',
  },
  {
    scenario: 'lineUpdated',
    type: 'TRUST_LINE_UPDATE',
    ways: ['middle>payer'],
    ends: 'line in force',
  },
  {
    scenario: 'lineUpdated',
    type: 'TRUST_LINE_ACK',
    ways: ['payer>middle'],
    ends: 'line in force',
  },
  {
    scenario: 'lineClosed',
    type: 'TRUST_LINE_CLOSE',
    ways: ['payee>middle'],
    ends: 'line in force',
  },
  { scenario: 'lineClosed', type: 'TRUST_LINE_ACK', ways: ['middle>payee'], ends: 'line in force' },
];

const BOOKS: readonly Row[] = [
  {
    scenario: 'reunited',
    type: 'EDGE_DIGEST',
    ways: ['middle>payer', 'payer>middle', ...AMONG_VOTERS],
    ends: 'paid',
  },
  {
    scenario: 'restored',
    type: 'EDGE_HISTORY',
    ways: ['middle>payer', 'payer>middle', ...AMONG_VOTERS],
    ends: 'paid',
  },
  {
    scenario: 'paid',
    type: 'EDGE_STATEMENT',
    ways: ['middle>payer', 'payer>middle'],
    ends: 'paid',
  },
];

const ROUTES: readonly Row[] = [
  {
    scenario: 'searched',
    type: 'ROUTE_QUERY',
    ways: ['payer>middle'],
    // Neighbours are asked once: without an answer there is no way, and the person pays again.
    ends: 'not paid',
    but: { duplicate: 'paid' },
  },
  {
    scenario: 'searched',
    type: 'ROUTE_REPLY',
    ways: ['middle>payer'],
    ends: 'not paid',
    but: { duplicate: 'paid' },
  },
];

/** The middle is a hub. */
const HUB: readonly Row[] = [
  { scenario: 'joined', type: 'JOIN_REQUEST', ways: ['payer>middle'], ends: 'member' },
  { scenario: 'joined', type: 'JOIN_REPLY', ways: ['middle>payer'], ends: 'member' },
  { scenario: 'left', type: 'PROFILE_UPDATE', ways: ['payer>middle'], ends: 'left' },
  { scenario: 'left', type: 'JOIN_REPLY', ways: ['middle>payer'], ends: 'left' },
  { scenario: 'defined', type: 'EQUIVALENT_DEFINE', ways: ['middle>payer'], ends: 'defined' },
  {
    scenario: 'reported',
    type: 'EDGE_REPORT',
    ways: ['payer>middle', 'payee>middle'],
    ends: 'reported',
  },
  {
    scenario: 'asked',
    type: 'ROUTE_QUERY',
    ways: ['payer>middle'],
    // A hub that does not answer is left alone, and neighbours are asked.
    ends: 'paid',
    but: { throw: 'not paid', 'kill receiver': 'not paid', 'kill sender': 'not paid' },
  },
  {
    scenario: 'asked',
    type: 'ROUTE_REPLY',
    ways: ['middle>payer'],
    ends: 'paid',
    but: { throw: 'not paid', 'kill receiver': 'not paid', 'kill sender': 'not paid' },
  },
  {
    scenario: 'ordered',
    type: 'PAYMENT_NOTE',
    ways: ['payer>middle'],
    ends: 'paid',
    // The order names a note that the hub does not have.
    but: { drop: 'not paid', delay: 'not paid' },
  },
  { scenario: 'ordered', type: 'PAYMENT_REQUEST', ways: ['payer>middle'], ends: 'paid' },
  { scenario: 'ordered', type: 'PAYMENT_REPLY', ways: ['middle>payer'], ends: 'paid' },
  {
    scenario: 'granted',
    type: 'AGENT_GRANT',
    ways: ['payer>middle', 'payer>payee'],
    ends: 'represented',
  },
  { scenario: 'granted', type: 'AGENT_ACK', ways: ['middle>payer'], ends: 'represented' },
  {
    scenario: 'revoked',
    type: 'AGENT_REVOKE',
    ways: ['payer>middle', 'payer>payee'],
    ends: 'on its own',
  },
  {
    scenario: 'revoked',
    type: 'AGENT_ACK',
    ways: ['middle>payer', 'payee>payer'],
    ends: 'on its own',
  },
];

/** The middle is a hub, and votes for members without nodes. */
const MEMBERS: readonly Row[] = [
  ...MEMBERS_ASKED,
  { scenario: 'soughtAfter', type: 'AGENT_QUERY', ways: ['payer>middle'], ends: 'line in force' },
  { scenario: 'soughtAfter', type: 'AGENT_GRANT', ways: ['middle>payer'], ends: 'line in force' },
  { scenario: 'soughtAfter', type: 'AGENT_ACK', ways: ['payer>middle'], ends: 'line in force' },
  {
    scenario: 'soughtAfter',
    type: 'TRUST_LINE_CREATE',
    ways: ['payer>middle'],
    ends: 'line in force',
  },
];

export const MATRIX = {
  payment: PAYMENT,
  recovery: RECOVERY,
  clearing: CLEARING,
  'trust lines': LINES,
  books: BOOKS,
  routes: ROUTES,
  hub: HUB,
  'members without nodes': MEMBERS,
  chains: CHAINS,
  'long cycles': LONG_CYCLES,
} as const satisfies Readonly<Record<string, readonly Row[]>>;
export type Part = keyof typeof MATRIX;

/** Parts that are not played by three alone. */
export const CAST_OF: Partial<Record<Part, Cast>> = {
  hub: 'hub',
  'members without nodes': 'members',
  'long cycles': 'five',
};

const BETWEEN_PERSON_AND_NODE =
  'goes over HTTP, where whoever asks hears of a failure and asks again';

/** Messages without a row, each with the reason. */
export const WITHOUT_ROW: Partial<Record<MessageName, string>> = {
  MEMBER_QUERY: BETWEEN_PERSON_AND_NODE,
  SIGN_IN: BETWEEN_PERSON_AND_NODE,
  OPERATOR_REQUEST:
    'repeated by the person until there is an answer; a repeat does nothing (test/unit/hub/remote-operators.test.ts)',
  OPERATOR_REPLY: 'see OPERATOR_REQUEST',
  PING: 'says nothing about books',
  PONG: 'says nothing about books',
  ERROR: 'changes nothing, and is never answered',
};
