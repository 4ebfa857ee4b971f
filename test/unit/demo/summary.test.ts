import { describe, expect, it } from 'vitest';
import { parseCommunity } from '../../../simulations/community/file.ts';
import type { MadePayment } from '../../../simulations/demo/paying.ts';
import { trustGraphSvg } from '../../../simulations/demo/picture.ts';
import { type ClearingRow, reportJson } from '../../../simulations/demo/report.ts';
import type { Story } from '../../../simulations/demo/story.ts';
import { kindOf, summaryText } from '../../../simulations/demo/summary.ts';

const community = parseCommunity(
  JSON.stringify({
    name: 'hamlet',
    equivalents: [{ code: 'UAH', precision: 2 }],
    participants: [
      { id: 'anna', name: 'Anna <the "baker"> & daughters', type: 'person' },
      { id: 'boris', name: 'Boris', type: 'person' },
      { id: 'cyril', name: 'Cyril', type: 'person', status: 'frozen' },
    ],
    trust_lines: [
      { from: 'boris', to: 'anna', equivalent: 'UAH', limit: '20.00' },
      { from: 'cyril', to: 'boris', equivalent: 'UAH', limit: '7.50' },
    ],
  }),
  'hamlet',
);

function payment(changes: Partial<MadePayment>): MadePayment {
  return {
    tx_id: 'f00d',
    from: 'anna',
    to: 'cyril',
    equivalent: 'UAH',
    amount: '5.00',
    state: 'COMMITTED',
    reason: null,
    routes: [{ path: ['anna', 'boris', 'cyril'], amount: '5.00' }],
    ms: 12,
    expect: null,
    ...changes,
  };
}

function clearing(changes: Partial<ClearingRow>): ClearingRow {
  return {
    tx_id: 'cafe',
    equivalent: 'UAH',
    cycle: ['anna', 'boris', 'cyril'],
    amount: '3.00',
    state: 'COMMITTED',
    reason: null,
    answers: [],
    ...changes,
  };
}

const refusal = `E002 insufficient_capacity: ${'Only a part of it could be routed. '.repeat(5)}`;
const book = { node: 'boris', peer: 'anna', equivalent: 'UAH', balance: '5.00' };
const story: Story = {
  payments: [
    payment({}),
    payment({ state: 'ABORTED', reason: refusal, routes: [], expect: 'committed' }),
  ],
  balancesBefore: [
    { node: 'boris', peer: 'anna', equivalent: 'UAH', balance: '8.00' },
    { node: 'anna', peer: 'boris', equivalent: 'UAH', balance: '-8.00' },
  ],
  crash: { victim: 'boris', died: ['boris', 'anna'], attempts: 3, ms: 1500 },
  report: {
    nodes: [{ participant: 'anna', pid: 'P', process: 7 }],
    payments: [payment({})],
    clearings: [
      clearing({}),
      clearing({ answers: [{ participant: 'boris', agrees: true }] }),
      clearing({
        state: 'REJECTED',
        reason: 'E006 consent_refused: A participant does not want it.',
        answers: [{ participant: 'cyril', agrees: false }],
      }),
      clearing({
        state: 'REJECTED',
        reason: 'E006 debt_too_small: A debt has become smaller.',
        answers: [{ participant: 'boris', agrees: true }],
      }),
      clearing({ state: 'REJECTED', reason: 'E007 votes_missing: Not everyone answered.' }),
    ],
    books: [{ ...book, limit_given: '20.00', limit_received: '0.00', held: '0.00' }],
    invariants: [
      { name: 'zero_sum', held: true, detail: 'fine' },
      { name: 'atomic', held: false, detail: `boris did not apply ${'f00d '.repeat(30)}` },
    ],
    steps: [{ name: 'nodes up', ms: 4321 }],
  },
};

describe('the summary', () => {
  const text = summaryText({ width: 100, colours: false }, community, story);

  it('fits 100 columns, however long reasons and details are', () => {
    expect(text.split('\n').filter((line) => line.length > 100)).toEqual([]);
  });

  it.each([
    'What happened in hamlet',
    '2 payments: 1 multi-hop, 1 refused.',
    'Boris was killed (SIGKILL) in the middle of 3 payments, with 1 other node of its process',
    'Not as the file expects (committed): anna → cyril, 5.00 UAH: E002',
    'anna → boris → cyril',
    'anna → boris → cyril → anna  all lines allow it',
    'boris was asked and agrees',
    'cyril was asked and refuses',
    'boris was asked and agrees; E006 debt_too_small',
    'anna  E007 votes_missing',
    '✓ zero_sum  fine',
    '✗ atomic    boris did not apply f00d',
    'in all       4.3 s',
  ])('tells: %s', (line) => {
    expect(text).toContain(line);
  });

  it('compares all debts, each counted once, before and after clearing', () => {
    expect(text).toMatch(/UAH\s+8\.00\s+5\.00\s+3\.00 \(37\.5 %\)/);
  });

  it('says nothing about clearings where nobody owed anything', () => {
    const quiet = { ...story, balancesBefore: [], report: { ...story.report, clearings: [] } };
    expect(summaryText({ width: 100, colours: false }, community, quiet)).not.toContain(
      'Clearings',
    );
  });

  it('names balances from the books', () => {
    expect(text).toMatch(/Boris\s+5\.00\s+0\.00\s+5\.00/);
  });
});

describe('the kind of a payment', () => {
  it.each([
    ['single-hop', { routes: [{ path: ['anna', 'boris'], amount: '1' }] }],
    ['multi-hop', {}],
    ['split', { routes: [payment({}).routes[0]!, payment({}).routes[0]!] }],
    ['refused', { state: 'ABORTED' }],
    ['undecided', { state: 'PREPARE_IN_PROGRESS' }],
  ])('is %s', (kind, changes) => {
    expect(kindOf(payment(changes))).toBe(kind);
  });
});

describe('the JSON report', () => {
  it('has exactly the agreed keys', () => {
    const report = JSON.parse(reportJson(story.report));
    const keys = (value: object | undefined) => Object.keys(value ?? {}).toSorted();
    expect(keys(report)).toEqual(
      ['nodes', 'payments', 'clearings', 'books', 'invariants', 'steps'].toSorted(),
    );
    expect(keys(report.nodes[0])).toEqual(['participant', 'pid', 'process']);
    expect(keys(report.payments[0])).toEqual(
      ['tx_id', 'from', 'to', 'equivalent', 'amount', 'state', 'reason', 'routes', 'ms'].toSorted(),
    );
    expect(keys(report.payments[0].routes[0])).toEqual(['amount', 'path']);
    expect(keys(report.clearings[0])).toEqual(
      ['tx_id', 'equivalent', 'cycle', 'amount', 'state', 'reason', 'answers'].toSorted(),
    );
    expect(keys(report.books[0])).toEqual(
      ['node', 'peer', 'equivalent', 'balance', 'limit_given', 'limit_received', 'held'].toSorted(),
    );
    expect(keys(report.invariants[0])).toEqual(['detail', 'held', 'name']);
    expect(keys(report.steps[0])).toEqual(['ms', 'name']);
  });
});

describe('the picture', () => {
  const svg = trustGraphSvg(community, story.report);

  it('shows every participant and line, with names made safe for XML', () => {
    expect(svg.match(/<circle /g)).toHaveLength(3);
    expect(svg.match(/stroke="#ccd"/g)).toHaveLength(2);
    expect(svg).toContain('Anna &lt;the &quot;baker&quot;&gt; &amp;');
  });

  it('draws each debt once, from debtor to creditor', () => {
    expect(svg.match(/<title>/g)).toHaveLength(1);
    expect(svg).toContain('anna owes boris 5.00 UAH');
  });
});
