import { describe, expect, it } from 'vitest';
import { type EconomyReport, replayEconomy } from '../../../simulations/bench/economy.ts';
import { EconomyBooks } from '../../../simulations/bench/economy-books.ts';
import { type DebtCurve, debtChart } from '../../../simulations/bench/economy-chart.ts';
import { readEconomyOptions } from '../../../simulations/bench/economy-options.ts';
import {
  type Economy,
  economyFromTrace,
  economyOf,
  economyOfSuppliers,
} from '../../../simulations/bench/economy-source.ts';
import { economyText } from '../../../simulations/bench/economy-table.ts';
import { randomCommunity } from '../../../simulations/bench/hub-members.ts';

const fault = (name: string) =>
  expect.objectContaining({ details: expect.objectContaining({ fault: name }) });

function replay(economy: Economy, ...argv: string[]): EconomyReport {
  return replayEconomy(economy, readEconomyOptions(['--trace', 'not read', ...argv]));
}

const policyOf = (report: EconomyReport, name: string) =>
  report.policies.find(({ policy }) => policy === name)!;

describe('the replay of an economy', () => {
  // Each payment is more than the others of the ring owe, so it goes straight.
  const ring = economyFromTrace(
    'from,to,amount,at\na,b,20,0\na,b,20,10\na,b,20,20\n',
    'trace',
    'from,to,limit,debt\na,b,-1,10\nb,c,50,10\nc,a,50,10\n',
  );

  it('clears a ring as soon as a payment touches it', () => {
    const report = replay(ring, '--pass-every', '2');
    expect(policyOf(report, 'none')).toMatchObject({
      succeeded: 3,
      success_rate: 1,
      // 50 for ten moments, then 70 for ten.
      average_debt: '60',
      debt_at_end: '90',
      cleared: '0',
    });
    expect(policyOf(report, 'none').clearable_at_end).toBeCloseTo(30 / 90, 4);
    expect(policyOf(report, 'local4')).toMatchObject({
      average_debt: '30',
      debt_at_end: '60',
      cleared: '30',
      lengths: { 3: 1 },
      clearable_at_end: 0,
    });
    // The pass comes after the second payment: 50, then 40.
    expect(policyOf(report, 'global')).toMatchObject({
      average_debt: '45',
      debt_at_end: '60',
      cleared: '30',
    });
  });

  it('shows what routes do that repay on their way', () => {
    const economy = economyFromTrace(
      'from,to,amount\na,b,10\nb,c,10\nc,a,10\n',
      'trace',
      'from,to,limit,debt\na,b,50,0\nb,c,50,0\nc,a,50,0\n',
    );
    const report = replay(economy);
    expect(policyOf(report, 'plain')).toMatchObject({ hops: 1, debt_at_end: '30' });
    expect(policyOf(report, 'none')).toMatchObject({ hops: 1.33333, debt_at_end: '0' });
  });

  it('shortens a chain where a line allows the new debt, and owes no less than net positions', () => {
    const economy = economyFromTrace(
      'from,to,amount\na,d,1\n',
      'trace',
      'from,to,limit,debt\na,b,50,10\nb,c,50,10\na,c,6,0\na,d,1,0\n',
    );
    const report = replay(economy, '--policy', 'shorten');
    expect(policyOf(report, 'shorten')).toMatchObject({
      debt_at_end: '15',
      chains: 1,
      shortened: '6',
      cycles: 0,
      average_least_debt: '11',
    });
    const all = replay(economy);
    expect(policyOf(all, 'both')).toMatchObject({ debt_at_end: '21', chains: 0 });
    expect(economyText({ width: 200, colours: false }, all)).toMatch(/^shorten .* -?\d+\.\d % /m);
  });

  it('of members with suppliers pays everything, and is the same for the same seed', () => {
    const [economy, again] = [1, 1].map((seed) => economyOfSuppliers(40, 500, seed));
    expect(economy).toEqual(again);
    const report = replay(economy!, '--pass-every', '50');
    const [plain, both, shorten] = ['plain', 'both', 'shorten'].map((name) =>
      policyOf(report, name),
    );
    for (const policy of report.policies) expect(policy.succeeded).toBe(500);
    expect(Number(both!.average_debt)).toBeLessThan(0.7 * Number(plain!.average_debt));
    expect(Number(shorten!.average_debt)).toBeLessThan(Number(both!.average_debt));
    expect(Number(shorten!.average_debt)).toBeGreaterThan(Number(shorten!.average_least_debt));
  });

  it('draws all debt over time, a line for each policy', () => {
    const economy = economyOf(randomCommunity(30, 200), 400, 5);
    const curves: DebtCurve[] = [];
    const options = readEconomyOptions(['--trace', 'not read', '--pass-every', '50']);
    const report = replayEconomy(economy, options, (curve) => curves.push(curve));
    for (const [i, { policy, points }] of curves.entries()) {
      expect(policy).toBe(report.policies[i]!.policy);
      expect(points.length).toBeGreaterThan(100);
      expect(points.length).toBeLessThan(500);
    }
    const svg = debtChart(curves);
    expect(svg.match(/<polyline/g)).toHaveLength(curves.length);
    expect(svg).toContain('shorten');
  });

  it('repays before it owes more, and refuses what no line allows', () => {
    const economy = economyFromTrace(
      'from,to,amount\na,b,10\nb,a,4\na,b,50\n',
      'trace',
      'from,to,limit,debt\na,b,20,0\nb,a,20,0\n',
    );
    const { policies } = replay(economy, '--policy', 'none');
    expect(policies).toMatchObject([{ succeeded: 2, volume_paid: '14', debt_at_end: '6' }]);
  });

  it('lets every payee trust its payers where the trace has no lines', () => {
    const economy = economyFromTrace('from,to,amount\na,b,10\nb,c,10\n', 'trace', undefined);
    expect(replay(economy, '--policy', 'none').policies[0]).toMatchObject({ succeeded: 2 });
  });

  it('owes less with every policy of clearing', () => {
    const economy = economyOf(randomCommunity(30, 200), 400, 5);
    const report = replay(economy, '--pass-every', '50');
    const none = policyOf(report, 'none');
    expect(none.succeeded).toBeGreaterThan(300);
    for (const name of ['local4', 'local6', 'global', 'both']) {
      const policy = policyOf(report, name);
      expect(policy.cycles).toBeGreaterThan(0);
      expect(BigInt(policy.average_debt)).toBeLessThan(BigInt(none.average_debt));
    }
    expect(policyOf(report, 'both').clearable_at_end).toBeLessThan(none.clearable_at_end);
    expect(economyText({ width: 120, colours: false }, report)).toContain('local6');
  });

  it('does not clear what a creditor wants to be asked about', () => {
    const community = randomCommunity(30, 200);
    const trustLines = community.trustLines.map((line) => ({
      ...line,
      policy: { ...line.policy, auto_clearing: false },
    }));
    const report = replay(economyOf({ ...community, trustLines }, 300, 5), '--pass-every', '50');
    expect(report.policies.map(({ cycles, chains }) => cycles + chains)).toEqual(Array(7).fill(0));
  });

  it('does not clear more than is owed', () => {
    const books = new EconomyBooks(ring);
    expect(() => books.clear([0, 1, 2], 11n)).toThrow('less than');
  });
});

describe('the options and files of the economy', () => {
  it.each([
    [[]],
    [['--trace', 'x', '--community', 'y']],
    [['--community', 'y', '--graph', 'x']],
    [['--members', '11']],
    [['--members', '12', '--community', 'y']],
    [['--trace', 'x', '--policy', 'some']],
    [['--trace', 'x', '--pass-every', '0']],
  ])('refuses wrong use: %j', (argv) => {
    expect(() => readEconomyOptions(argv)).toThrow(fault('usage'));
  });

  it.each([
    ['from,to\na,b\n'],
    ['from,to,amount\na,a,5\n'],
    ['from,to,amount\na,b,0\n'],
    ['from,to,amount\na,b,0.5\n'],
    ['from,to,amount,at\na,b,5,9\nb,a,5,8\n'],
  ])('refuses a trace that says nothing: %j', (text) => {
    expect(() => economyFromTrace(text, 'trace', undefined)).toThrow(fault('bad_file'));
  });
});
