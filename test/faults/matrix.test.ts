/**
 * The fault matrix: every message between nodes that debts or members rest on (`rows.ts`) is once lost, doubled,
 * late, refused by its receiver's disk, and the end of its receiver or of its sender. After each, every
 * node has its outcome, nothing is held, both books of every edge are equal and the audits are clean.
 */
import { describe, expect, it } from 'vitest';
import { AgentRecord, decodeRecord } from '../../node/store/records.ts';
import { pidFromPublicKey } from '../../protocol/identity/pid.ts';
import { MESSAGES } from '../../protocol/wire/message-types.ts';
import { roundDebts } from '../unit/engine/hosted-round.ts';
import { faultsOf } from '../unit/engine/village-audit.ts';
import type { Ending, Row } from './row.ts';
import { CAST_OF, MATRIX, type Part, WITHOUT_ROW } from './rows.ts';
import { SCENARIOS } from './scenarios.ts';
import { type Cast, FAULTS, type Fault, type Role, Stage } from './stage.ts';

interface Case extends Omit<Row, 'ways' | 'but' | 'without'> {
  readonly from: Role;
  readonly to: Role;
  readonly fault: Fault;
  readonly cast: Cast;
}

function casesOf(rows: readonly Row[], cast: Cast): Case[] {
  return rows.flatMap(({ scenario, type, ways, ends, but = {}, without = [] }) =>
    ways.flatMap((way) => {
      const [from, to] = way.split('>') as [Role, Role];
      return FAULTS.filter((fault) => !without.includes(fault)).map((fault) => ({
        scenario,
        type,
        from,
        to,
        fault,
        cast,
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

async function play({ scenario, type, from, to, fault, ends, cast }: Case): Promise<void> {
  const stage = await Stage.open({ type, from, to }, fault, cast);
  const { village } = stage;
  await SCENARIOS[scenario](stage);
  await stage.finish();
  expect(stage.struck, 'the message was sent').toBe(true);
  expect(await village.calm(), 'everything is decided').toBe(true);
  expect(await faultsOf(village)).toEqual([]);
  expectDebts(stage, scenario, ends);
  const [owner, other, limit] = IN_FORCE[scenario] ?? [];
  if (owner !== undefined && other !== undefined) {
    expect(village.book(owner, other).limit_given).toBe(limit);
    expect(village.book(other, owner).limit_received).toBe(limit);
  }
  if (cast === 'hub') expectKnown(stage, ends);
  // What happened has hurt nobody.
  stage.heal();
  const further = await village.pay('payer', 'middle', '1');
  expect(further.state).toBe('COMMITTED');
}

/** Who owes 5 in the end, and who nothing. */
function expectDebts(stage: Stage, scenario: Case['scenario'], ends: Ending): void {
  const { village } = stage;
  const stays = ends === 'paid' || ends === 'not cleared' || ends === 'not shortened' ? 5 : 0;
  if (scenario.endsWith('ByMembers')) {
    expect(roundDebts(stage.round)).toEqual([stays, stays, stays]);
    return;
  }
  expect(village.owes('payer', 'middle')).toBe(stays);
  expect(village.owes('middle', 'payee')).toBe(stays);
  if (!scenario.startsWith('shortened')) return;
  expect(village.owes('payer', 'payee')).toBe(ends === 'shortened' ? 5 : 0);
}

/** What a community knows of its members in the end. */
function expectKnown({ village }: Stage, ends: Ending): void {
  const hub = village.service('middle');
  const statuses = village
    .service('payer')
    .memberships()
    .map(({ status }) => status);
  const status = ends === 'left' ? 'left' : 'active';
  expect(statuses).toEqual([status]);
  const member = hub.hubMembers({}).find(({ pid }) => pid === village.pid('payer'));
  expect(member?.status).toBe(status);
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
  it.each(casesOf(rows, CAST_OF[part as Part] ?? 'three'))(
    '$scenario: $type $from → $to, $fault: $ends',
    play,
  );
});

it('has a row for every message, or a reason for none', () => {
  const rows: readonly Row[] = Object.values(MATRIX).flat();
  const met = new Set<string>(rows.map(({ type }) => type));
  const without = Object.keys(MESSAGES).filter((name) => !met.has(name));
  expect(without.sort()).toEqual(Object.keys(WITHOUT_ROW).sort());
});

it.each([
  'cleared',
  'shortened',
  'shortenedFromTheMiddle',
  'shortenedFromTheEnd',
  'agreedByMembers',
])('has every message of a commit when something is %s', (scenario) => {
  const rows: readonly Row[] = Object.values(MATRIX).flat();
  const met = new Set(rows.filter((row) => row.scenario === scenario).map(({ type }) => type));
  const commit = Object.keys(MESSAGES).filter((name) => /^CLEARING_(PREPARE|COMMIT)/.test(name));
  expect([...met]).toEqual(expect.arrayContaining(commit));
});
