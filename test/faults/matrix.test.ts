/**
 * The fault matrix: every message of payment, recovery, clearing, trust lines and books is once lost, doubled,
 * late, refused by its receiver's disk, and the end of its receiver or of its sender. After each, every
 * node has its outcome, nothing is held, both books of every edge are equal and the audits are clean.
 */
import { describe, expect, it } from 'vitest';
import type { MessageName } from '../../protocol/wire/message-types.ts';
import { faultsOf } from '../unit/engine/village-audit.ts';
import { SCENARIOS } from './scenarios.ts';
import { FAULTS, type Fault, type Role, Stage } from './stage.ts';

type Ending = 'paid' | 'not paid' | 'line in force' | 'cleared' | 'not cleared';
type Way = `${Role}>${Role}`;

interface Row {
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

interface Case extends Omit<Row, 'ways' | 'but' | 'without'> {
  readonly from: Role;
  readonly to: Role;
  readonly fault: Fault;
}

function casesOf(rows: readonly Row[]): Case[] {
  return rows.flatMap(({ scenario, type, ways, ends, but = {}, without = [] }) =>
    ways.flatMap((way) => {
      const [from, to] = way.split('>') as [Role, Role];
      return FAULTS.filter((fault) => !without.includes(fault)).map((fault) => ({
        scenario,
        type,
        from,
        to,
        fault,
        ends: but[fault] ?? ends,
      }));
    }),
  );
}

/** The limits that the line scenarios end with, as both ends have them: owner, other, limit. */
const IN_FORCE: Partial<Record<keyof typeof SCENARIOS, readonly [Role, Role, string]>> = {
  lineCreated: ['payer', 'middle', '7.00'],
  lineUpdated: ['middle', 'payer', '150.00'],
  lineClosed: ['payee', 'middle', '0.00'],
};

async function play({ scenario, type, from, to, fault, ends }: Case): Promise<void> {
  const stage = await Stage.open({ type, from, to }, fault);
  const { village } = stage;
  await SCENARIOS[scenario](stage);
  await stage.finish();
  expect(stage.struck, 'the message was sent').toBe(true);
  expect(await village.calm(), 'everything is decided').toBe(true);
  expect(await faultsOf(village)).toEqual([]);
  const debt = ends === 'paid' || ends === 'not cleared' ? 5 : 0;
  expect(village.owes('payer', 'middle')).toBe(debt);
  expect(village.owes('middle', 'payee')).toBe(debt);
  const [owner, other, limit] = IN_FORCE[scenario] ?? [];
  if (owner !== undefined && other !== undefined) {
    expect(village.book(owner, other).limit_given).toBe(limit);
    expect(village.book(other, owner).limit_received).toBe(limit);
  }
  // What happened has hurt nobody.
  stage.heal();
  const further = await village.pay('payer', 'middle', '1');
  expect(further.state).toBe('COMMITTED');
}

describe.each([
  ['payment', PAYMENT],
  ['recovery', RECOVERY],
  ['clearing', CLEARING],
  ['trust lines', LINES],
  ['books', BOOKS],
] as const)('%s', (_, rows) => {
  it.each(casesOf(rows))('$scenario: $type $from → $to, $fault: $ends', play);
});
