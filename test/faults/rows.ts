/** The rows of the fault matrix: which message, on which ways, and how each fault is to end. */
import type { MessageName } from '../../protocol/wire/message-types.ts';
import type { SCENARIOS } from './scenarios.ts';
import type { Fault, Role } from './stage.ts';

export type Ending =
  | 'paid'
  | 'not paid'
  | 'line in force'
  | 'cleared'
  | 'not cleared'
  /** The hub has taken the payer in, and both know it. */
  | 'member'
  /** The payer knows what its hub has defined. */
  | 'defined'
  /** The hub has what both ends of the edge have told. */
  | 'reported'
  /** Everyone concerned takes the hub, or the payer itself, for who votes for the payer. */
  | 'represented'
  | 'on its own';
export type Way = `${Role}>${Role}`;

export interface Row {
  readonly scenario: keyof typeof SCENARIOS;
  readonly type: MessageName;
  readonly ways: readonly Way[];
  readonly ends: Ending;
  /** Faults with another ending. */
  readonly but?: Partial<Record<Fault, Ending>>;
  /** Faults that cannot strike here. */
  readonly without?: readonly Fault[];
}

const TO_VOTERS: readonly Way[] = ['payer>middle', 'payer>payee'];
const TO_PAYER: readonly Way[] = ['middle>payer', 'payee>payer'];
const AMONG_VOTERS: readonly Way[] = ['middle>payee', 'payee>middle'];

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

const CLEARING: readonly Row[] = [
  {
    scenario: 'cleared',
    type: 'CLEARING_PREPARE',
    ways: TO_VOTERS,
    ends: 'not cleared',
    but: { duplicate: 'cleared' },
  },
  {
    scenario: 'cleared',
    type: 'CLEARING_PREPARE_ACK',
    ways: TO_PAYER,
    ends: 'not cleared',
    but: { duplicate: 'cleared', 'kill sender': 'cleared' },
  },
  { scenario: 'cleared', type: 'CLEARING_COMMIT', ways: TO_VOTERS, ends: 'cleared' },
  { scenario: 'cleared', type: 'CLEARING_COMMIT_ACK', ways: TO_PAYER, ends: 'cleared' },
  {
    scenario: 'agreed',
    type: 'CLEARING_PREPARE_ACK',
    ways: ['payee>payer'],
    // A NO that comes too late, or to a process that has ended, asks for no consent any more.
    ends: 'not cleared',
    but: { duplicate: 'cleared', 'kill sender': 'cleared' },
  },
  {
    scenario: 'agreed',
    type: 'CLEARING_ABORT',
    ways: ['payer>middle'],
    ends: 'cleared',
  },
  { scenario: 'agreed', type: 'CLEARING_PROPOSE', ways: ['payer>payee'], ends: 'cleared' },
  {
    scenario: 'agreed',
    type: 'CLEARING_ACCEPT',
    ways: ['payee>payer'],
    ends: 'cleared',
    // It agreed, and is away when the votes are asked for.
    but: { 'kill sender': 'not cleared' },
  },
  { scenario: 'disagreed', type: 'CLEARING_REJECT', ways: ['payee>payer'], ends: 'not cleared' },
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
  {
    scenario: 'found',
    type: 'CLEARING_SEARCH',
    ways: ['payer>middle'],
    // It looks for short cycles and for long ones: what the first question misses the second finds.
    ends: 'cleared',
    but: { throw: 'not cleared', 'kill receiver': 'not cleared', 'kill sender': 'not cleared' },
  },
  {
    scenario: 'found',
    type: 'CLEARING_FOUND',
    ways: ['middle>payer'],
    ends: 'cleared',
    but: { throw: 'not cleared', 'kill receiver': 'not cleared', 'kill sender': 'not cleared' },
  },
];

/** The middle is a hub. */
const HUB: readonly Row[] = [
  { scenario: 'joined', type: 'JOIN_REQUEST', ways: ['payer>middle'], ends: 'member' },
  { scenario: 'joined', type: 'JOIN_REPLY', ways: ['middle>payer'], ends: 'member' },
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

export const MATRIX = {
  payment: PAYMENT,
  recovery: RECOVERY,
  clearing: CLEARING,
  'trust lines': LINES,
  books: BOOKS,
  routes: ROUTES,
  hub: HUB,
} as const satisfies Readonly<Record<string, readonly Row[]>>;

const BETWEEN_PERSON_AND_NODE =
  'goes over HTTP, where whoever asks hears of a failure and asks again';

/** Messages without a row, each with the reason. */
export const WITHOUT_ROW: Partial<Record<MessageName, string>> = {
  CLEARING_MARK:
    'a hint that nothing rests on: without it a search finds fewer long cycles (test/unit/clearing)',
  PROFILE_UPDATE: 'handled and answered as JOIN_REQUEST is (test/unit/hub/joining.test.ts)',
  AGENT_QUERY: 'asked again whenever somebody is looked for (test/unit/engine/contacts.test.ts)',
  MEMBER_QUERY: BETWEEN_PERSON_AND_NODE,
  SIGN_IN: BETWEEN_PERSON_AND_NODE,
  OPERATOR_REQUEST:
    'repeated by the person until there is an answer; a repeat does nothing (test/unit/hub/remote-operators.test.ts)',
  OPERATOR_REPLY: 'see OPERATOR_REQUEST',
  PING: 'says nothing about books',
  PONG: 'says nothing about books',
  ERROR: 'changes nothing, and is never answered',
};
