/** Members with nodes of their own pay over routes that their hub knows. */
import { describe, expect, it } from 'vitest';
import type { Pid } from '../../../protocol/identity/pid.ts';
import { type EdgeId, edgeId } from '../../../protocol/ledger/edge.ts';
import { parseEquivalentCode } from '../../../protocol/money/equivalent.ts';
import { seal, signedFrame } from '../../../protocol/wire/envelope.ts';
import type { EdgeReport, ReportedEdge } from '../../../protocol/wire/messages/report.ts';
import { Village } from '../engine/harness.ts';
import { person, UAH } from '../machines/sample-payment.ts';
import { change, join, QUICK_MEMBERSHIPS } from './hub-village.ts';

const PEOPLE = ['anna', 'boris', 'cyril', 'dora'];
/** Anna pays Dora over Boris and Cyril, or over Boris alone up to 20. */
const LINES = ['boris>anna 100', 'cyril>boris 100', 'dora>cyril 100', 'dora>boris 20'];
const REPORT_MS = 100;

async function open(hub: object = {}): Promise<Village> {
  const village = await Village.open({
    people: ['hub', ...PEOPLE],
    lines: LINES,
    settings: { memberships: { ...QUICK_MEMBERSHIPS, report_delay_ms: REPORT_MS } },
    own: {
      hub: { hub: { enabled: true, admission: 'open', ...hub } },
      // No neighbour is asked within the time that a payment has: only the hub can help.
      anna: { routes: { query_timeout_ms: 300, cache_ms: 0 } },
    },
  });
  for (const name of PEOPLE) await join(village, name);
  await settle(village);
  return village;
}

async function settle(village: Village): Promise<void> {
  await village.calm();
  await village.pass(5 * REPORT_MS);
  village.sent.length = 0;
}

const asked = (village: Village) =>
  village.sent.filter(({ type }) => type === 'ROUTE_QUERY').map(({ from, to }) => `${from}>${to}`);

const faults = (village: Village): unknown[] =>
  village.log
    .filter(({ node, level }) => node === 'hub' && level === 'warn')
    .map(({ fields }) => fields.fault);

const aboutEdge = (id: EdgeId): ReportedEdge => ({
  ...id,
  precision: 2,
  balance: 0n,
  up: 100_000n,
  down: 100_000n,
  low_carries: true,
  high_carries: true,
});

/** A report of Anna's node, as sound as any but for the changes. */
function reportOf(village: Village, edge: object, more: Partial<EdgeReport> = {}): Uint8Array {
  const { signer } = village.person('anna');
  const body = {
    reporter_key: signer.publicKey,
    hub: village.person('hub').pid,
    sequence: village.clock.now() + 1_000_000,
    edges: [{ ...aboutEdge(endsOf(village, 'anna', 'boris')), ...edge }],
    ...more,
  } as EdgeReport;
  return signedFrame(
    'EDGE_REPORT',
    seal('EDGE_REPORT', body, signer.publicKey, (message) => signer.sign(message)),
  );
}

describe('members of a hub', () => {
  it('ask it once, and pay whom no neighbour has been asked about', async () => {
    const village = await open();
    const paid = await village.pay('anna', 'dora', '50');
    expect(paid).toMatchObject({ state: 'COMMITTED' });
    expect(asked(village)).toEqual(['anna>hub']);
  });

  it('are told what binds, and what would help', async () => {
    const village = await open();
    const refused = await village.pay('anna', 'dora', '500');
    expect(refused).toMatchObject({
      state: 'ABORTED',
      reason: { code: 'E002', message: expect.stringMatching(/At most 100\.00 can get through/) },
    });
  });

  it('report what has changed, so that the next one is led another way', async () => {
    const village = await open();
    expect((await village.pay('cyril', 'dora', '95')).state).toBe('COMMITTED');
    await settle(village);
    const paid = await village.pay('anna', 'dora', '15');
    expect(paid).toMatchObject({ state: 'COMMITTED', attempts: 1 });
    expect(paid.routes.map(({ path }) => path.length)).toEqual([3]);
  });

  it('go on without it', async () => {
    const village = await open();
    await village.stop('hub');
    expect((await village.pay('anna', 'dora', '50')).state).toBe('COMMITTED');
    village.sent.length = 0;
    expect((await village.pay('anna', 'dora', '1')).state).toBe('COMMITTED');
    expect(asked(village)).not.toContain('anna>hub');
  });

  it('find it as it was after its restart', async () => {
    const village = await open();
    village.fate = ({ type }) => (type === 'EDGE_REPORT' ? 'drop' : 'deliver');
    await village.restart('hub');
    await village.pass(1_000);
    village.sent.length = 0;
    expect((await village.pay('anna', 'dora', '50')).state).toBe('COMMITTED');
    expect(asked(village)).toEqual(['anna>hub']);
  });

  it('are not answered when they are suspended, and still pay by themselves', async () => {
    const village = await open();
    await change(village, 'anna', 'suspend');
    await village.pass(1_000);
    village.sent.length = 0;
    await village.pay('anna', 'boris', '5');
    expect(asked(village)).not.toContain('anna>hub');
  });
});

describe('a report', () => {
  it.each([
    ['of an edge of others', (v: Village) => endsOf(v, 'boris', 'cyril'), 'not_your_edge'],
    ['of an edge with itself', (v: Village) => endsOf(v, 'anna', 'anna'), 'not_your_edge'],
  ])('%s is refused as a whole', async (_what, edge, fault) => {
    const village = await open();
    const before = village.service('hub').hubStats().index;
    village.inject('anna', 'hub', reportOf(village, edge(village)));
    await village.pass(50);
    expect(faults(village)).toContain(fault);
    expect(village.service('hub').hubStats().index).toEqual(before);
  });

  it('of somebody else, or for another hub, is refused', async () => {
    const village = await open();
    const ends = endsOf(village, 'anna', 'boris');
    village.inject('boris', 'hub', reportOf(village, ends));
    await village.pass(50);
    expect(faults(village)).toContain('wrong_sender');
    const hub = village.person('dora').pid;
    village.inject('anna', 'hub', reportOf(village, ends, { hub }));
    await village.pass(50);
    expect(faults(village)).toContain('wrong_receiver');
  });

  it('that is false costs another attempt, never a wrong debt', async () => {
    const village = await open();
    expect((await village.pay('cyril', 'dora', '95')).state).toBe('COMMITTED');
    await settle(village);
    // Anna's edge with Boris is sound; what she makes up is that she could pay Dora directly.
    village.inject('anna', 'hub', reportOf(village, endsOf(village, 'anna', 'dora')));
    await village.pass(50);
    const paid = await village.pay('anna', 'dora', '15');
    expect(paid.state).toBe('COMMITTED');
    expect(village.owes('anna', 'boris')).toBe(15);
  });

  it('by the thousand is refused before a signature is looked at', async () => {
    const village = await open({
      report_edges_per_s_per_member: 1,
      reported_edges_max_per_member: 50,
    });
    const frame = (i: number) =>
      reportOf(village, endsOf(village, 'anna', 'boris'), { sequence: village.clock.now() + i });
    for (let i = 0; i < 100; i++) village.inject('anna', 'hub', frame(i));
    await village.pass(50);
    expect(faults(village)).toContain('too_many_reports');
  });

  it('of ever more edges with people who were made up is refused', async () => {
    const village = await open({ reported_edges_max_per_member: 10 });
    const madeUp = Array.from({ length: 11 }, (_, i) => person(`made up ${i}`).pid);
    const report = (pids: readonly Pid[], sequence: number) =>
      reportOf(
        village,
        {},
        {
          sequence: village.clock.now() + sequence,
          edges: pids.map((pid) => aboutEdge(edgeId(village.person('anna').pid, pid, UAH))),
        },
      );
    village.inject('anna', 'hub', report(madeUp, 1));
    await village.pass(50);
    expect(faults(village)).toEqual(['too_many_reports']);
    village.inject('anna', 'hub', report(madeUp.slice(0, 5), 2));
    await village.pass(1_000);
    village.inject('anna', 'hub', report(madeUp.slice(5, 10), 3));
    await village.pass(50);
    expect(faults(village)).toEqual(['too_many_reports', 'too_many_edges']);
    expect((await village.pay('anna', 'dora', '50')).state).toBe('COMMITTED');
  });

  it('that nobody repeats is forgotten, in the store too', async () => {
    const village = await open({ report_life_ms: 10_000 });
    const stored = () =>
      village
        .disk('hub')
        .snapshot()
        .filter(([key]) => key.startsWith('report/')).length;
    const pairs = () => village.service('hub').hubStats().index[0]?.edges;
    expect([stored(), pairs()]).toEqual([8, 4]);
    await village.stop('anna');
    await village.stop('boris');
    await village.stop('cyril');
    await village.stop('dora');
    await village.pass(20_000);
    expect([stored(), pairs()]).toEqual([0, 0]);
  });

  it('in an equivalent that the hub has not defined counts nowhere', async () => {
    const village = await open();
    const before = village.service('hub').hubStats().index;
    const edge = { ...endsOf(village, 'anna', 'boris'), equivalent: parseEquivalentCode('MADEUP') };
    village.inject('anna', 'hub', reportOf(village, edge));
    await village.pass(50);
    expect(village.service('hub').hubStats().index).toEqual(before);
  });
});

function endsOf(village: Village, one: string, other: string) {
  return edgeId(village.person(one).pid, village.person(other).pid, UAH);
}
