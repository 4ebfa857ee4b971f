/**
 * The fault matrix: every message between nodes that debts or members rest on (`rows.ts`) is once lost, doubled,
 * late, refused by its receiver's disk, and the end of its receiver or of its sender. After each, every
 * node has its outcome, nothing is held, both books of every edge are equal and the audits are clean.
 */
import { describe, expect, it } from 'vitest';
import { AgentRecord, decodeRecord } from '../../node/store/records.ts';
import { pidFromPublicKey } from '../../protocol/identity/pid.ts';
import { MESSAGES } from '../../protocol/wire/message-types.ts';
import { faultsOf } from '../unit/engine/village-audit.ts';
import { type Ending, MATRIX, type Row, WITHOUT_ROW } from './rows.ts';
import { SCENARIOS } from './scenarios.ts';
import { FAULTS, type Fault, type Role, Stage } from './stage.ts';

interface Case extends Omit<Row, 'ways' | 'but' | 'without'> {
  readonly from: Role;
  readonly to: Role;
  readonly fault: Fault;
  readonly isHub: boolean;
}

function casesOf(rows: readonly Row[], isHub: boolean): Case[] {
  return rows.flatMap(({ scenario, type, ways, ends, but = {}, without = [] }) =>
    ways.flatMap((way) => {
      const [from, to] = way.split('>') as [Role, Role];
      return FAULTS.filter((fault) => !without.includes(fault)).map((fault) => ({
        scenario,
        type,
        from,
        to,
        fault,
        isHub,
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

async function play({ scenario, type, from, to, fault, ends, isHub }: Case): Promise<void> {
  const stage = await Stage.open({ type, from, to }, fault, isHub);
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
  if (isHub) expectKnown(stage, ends);
  // What happened has hurt nobody.
  stage.heal();
  const further = await village.pay('payer', 'middle', '1');
  expect(further.state).toBe('COMMITTED');
}

/** What a community knows of its members in the end. */
function expectKnown({ village }: Stage, ends: Ending): void {
  const hub = village.service('middle');
  const statuses = village
    .service('payer')
    .memberships()
    .map(({ status }) => status);
  expect(statuses).toEqual(['active']);
  const member = hub.hubMembers({}).find(({ pid }) => pid === village.pid('payer'));
  expect(member?.status).toBe('active');
  if (ends === 'defined') {
    const codes = village
      .service('payer')
      .equivalents()
      .map(({ code }) => code);
    expect(codes).toContain('HOUR');
  }
  if (ends === 'reported') {
    const told = village
      .disk('middle')
      .snapshot()
      .map(([key]) => /^report.*(low|high)$/.exec(key)?.[1]);
    expect(told.filter((end) => end !== undefined).sort()).toEqual(['high', 'low']);
  }
  if (ends !== 'represented' && ends !== 'on its own') return;
  const expected = village.pid(ends === 'represented' ? 'middle' : 'payer');
  for (const role of ['payer', 'middle', 'payee'] as const) {
    const value = village.disk(role).get(`agent/${village.pid('payer')}`);
    const word = decodeRecord(AgentRecord, value!);
    expect(pidFromPublicKey(word.agent), `as ${role} knows`).toBe(expected);
  }
}

describe.each(Object.entries(MATRIX))('%s', (part, rows) => {
  it.each(casesOf(rows, part === 'hub'))('$scenario: $type $from → $to, $fault: $ends', play);
});

it('has a row for every message, or a reason for none', () => {
  const rows: readonly Row[] = Object.values(MATRIX).flat();
  const met = new Set<string>(rows.map(({ type }) => type));
  const without = Object.keys(MESSAGES).filter((name) => !met.has(name));
  expect(without.sort()).toEqual(Object.keys(WITHOUT_ROW).sort());
});
