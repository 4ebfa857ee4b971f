/** Figures of a community that is small enough to reckon by hand, and what they look like in each form. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { communityReport, type Sample } from '../../../node/addons/reporting/community.ts';
import { gini, topShare } from '../../../node/addons/reporting/concentration.ts';
import type { EdgeFact, Facts } from '../../../node/addons/reporting/facts.ts';
import { participantReport } from '../../../node/addons/reporting/participant.ts';
import { shortAmount, ticksTo } from '../../../node/addons/reporting/pictures/axis.ts';
import { growthChart, participantChart } from '../../../node/addons/reporting/pictures/charts.ts';
import { debtHeatMap } from '../../../node/addons/reporting/pictures/heat-map.ts';
import { type NamedDot, namesOf } from '../../../node/addons/reporting/pictures/names.ts';
import { shortened, widthOf } from '../../../node/addons/reporting/pictures/svg.ts';
import { trustGraph } from '../../../node/addons/reporting/pictures/trust-graph.ts';
import { communityCsv, participantCsv } from '../../../node/addons/reporting/tables.ts';

const edge = (
  low: string,
  high: string,
  balance: number,
  lowGives: number,
  highGives: number,
): EdgeFact => ({
  low,
  high,
  balance: BigInt(balance),
  lowGives: BigInt(lowGives),
  highGives: BigInt(highGives),
});

/** bo owes al 30 of 100, al owes cy 50 of 50, and cy trusts bo with 20, unused. */
const FACTS: Facts = {
  equivalent: 'UAH',
  precision: 2,
  scope: 'community',
  edges: [
    edge('al', 'bo', 3_000, 10_000, 0),
    edge('al', 'cy', -5_000, 0, 5_000),
    edge('bo', 'cy', 0, 0, 2_000),
  ],
  names: new Map([
    ['al', 'Al & sons'],
    ['bo', '=1+1'],
    ['cy', 'Cy, "the" <baker>'],
  ]),
};

const DAY_MS = 24 * 3_600_000;
const sample = (day: number, debt: number, paid: number): Sample => ({
  time: day * DAY_MS,
  participants: 3,
  lines: 3,
  debt: BigInt(debt),
  limits: 17_000n,
  paid: BigInt(paid),
  payments: 1,
  removed: 0n,
});

describe('a report of a participant', () => {
  it('sums debts, credit, trust and their use, by neighbour and together', () => {
    const report = participantReport(FACTS, 'al');
    expect(report).toMatchObject({
      total_debt: '50.00',
      total_credit: '30.00',
      net: '-20.00',
      trust_given: '100.00',
      trust_received: '50.00',
      given_used: 0.3,
      received_used: 1,
    });
    expect(report.neighbours).toEqual([
      {
        pid: 'bo',
        name: '=1+1',
        owes_me: '30.00',
        i_owe: '0.00',
        trust_given: '100.00',
        trust_received: '0.00',
        given_used: 0.3,
        received_used: null,
      },
      expect.objectContaining({ pid: 'cy', i_owe: '50.00', received_used: 1 }),
    ]);
  });

  it('is CSV that no spreadsheet computes', () => {
    expect(participantCsv(participantReport(FACTS, 'al')).split('\r\n')).toEqual([
      'pid,name,owes_me,i_owe,trust_given,trust_received,given_used,received_used',
      "bo,'=1+1,30.00,0.00,100.00,0.00,0.3,",
      'cy,"Cy, ""the"" <baker>",0.00,50.00,0.00,50.00,,1',
      ',total,30.00,50.00,100.00,50.00,0.3,1',
      '',
    ]);
  });
});

describe('a report of a community', () => {
  const samples = [sample(0, 4_000, 0), sample(10, 8_000, 2_000), sample(20, 8_000, 6_000)];
  const lengths = [
    { length: 3, cycles: 2, removed: 1_500n },
    { length: 4, cycles: 1, removed: 500n },
  ];
  const report = communityReport(FACTS, samples, lengths);

  it('tells how debts lie and how lines are used', () => {
    expect(report).toMatchObject({
      participants: 3,
      edges: 3,
      lines: 3,
      total_debt: '80.00',
      total_limits: '170.00',
      limits_used: 0.4705,
      idle: { lines: 1, limits: '20.00' },
      saturated: { lines: 1, limits: '50.00' },
    });
    // Debts 0, 30, 50: 2·(1·0 + 2·30 + 3·50)/(3·80) − 4/3.
    expect(report.concentration.debt_gini).toBeCloseTo(0.4166, 3);
    expect(report.concentration.top_debtors).toEqual({ 1: 0.625, 5: 1, 10: 1 });
  });

  it('tells how fast debts go round, and what clearing takes away', () => {
    // 60 paid in 20 days over a mean debt of 60: once in 20 days, 1.5 times in 30.
    expect(report.velocity).toBe(1.5);
    expect(report.clearing).toMatchObject({ removed: '20.00', share: 0.2 });
    expect(report.clearing.by_length.map(({ share }) => share)).toEqual([0.75, 0.25]);
    expect(report.growth).toHaveLength(3);
    expect(communityReport(FACTS, samples.slice(0, 1), []).velocity).toBeNull();
  });

  it('is CSV with a line for each figure', () => {
    const lines = communityCsv(report).split('\r\n');
    expect(lines).toContain('concentration.top_debtors.1,,0.625');
    expect(lines).toContain('growth.total_debt,1970-01-11T00:00:00.000Z,80.00');
  });

  it('has nothing to say of nothing', () => {
    const empty = communityReport({ ...FACTS, edges: [] }, [], []);
    expect(empty).toMatchObject({ participants: 0, limits_used: null, velocity: null });
    expect(empty.concentration.debt_gini).toBeNull();
  });
});

describe('concentration', () => {
  it('is 0 among equals and nearly 1 where one has all', () => {
    expect(gini([5n, 5n, 5n])).toBe(0);
    expect(gini([...Array<bigint>(99).fill(0n), 7n])).toBe(0.99);
    expect(topShare([1n, 2n, 3n, 4n], 2)).toBe(0.7);
  });

  it('does not depend on the unit or the order, and equals the mean difference', () => {
    const amounts = fc.array(fc.bigInt(0n, 10n ** 12n), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(amounts, (values) => {
        const found = gini(values);
        expect(gini([...values].reverse().map((value) => value * 10n))).toBe(found);
        const total = values.reduce((all, value) => all + Number(value), 0);
        if (total === 0) return;
        // The other definition: half the mean difference over the mean.
        let differences = 0;
        for (const a of values) for (const b of values) differences += Math.abs(Number(a - b));
        expect(found).toBeCloseTo(differences / (2 * values.length * total), 3);
      }),
    );
  });
});

describe('pictures', () => {
  const report = participantReport(FACTS, 'al');
  const growth = communityReport(FACTS, [sample(0, 1, 0), sample(1, 2, 1)], []);
  const pictures = {
    participant: participantChart(report),
    growth: growthChart(growth),
    graph: trustGraph(FACTS),
    'heat map': debtHeatMap(FACTS),
    'graph of nothing': trustGraph({ ...FACTS, edges: [] }),
    'heat map of nothing': debtHeatMap({ ...FACTS, edges: [] }),
    'growth of nothing': growthChart(communityReport({ ...FACTS, edges: [] }, [], [])),
    'participant without a line': participantChart(participantReport(FACTS, 'dee')),
  };

  it.each(Object.entries(pictures))('%s is well formed', (_, text) => {
    expect(text).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg"/);
    expect(text).not.toMatch(/NaN|Infinity|undefined/);
    expect(openTags(text)).toEqual([]);
  });

  it('do not let names become markup', () => {
    expect(pictures.graph).toContain('Cy, &quot;the&quot; &lt;ba');
    expect(pictures.graph).not.toContain('<baker>');
  });

  it('show every line and every debt', () => {
    expect(pictures.graph.match(/<path /g)).toHaveLength(3);
    expect(pictures['heat map'].match(/<title>[^<]* owes /g)).toHaveLength(2);
    expect(trustGraph(FACTS)).toBe(pictures.graph);
  });

  it('point from each debtor to its creditor', () => {
    expect(pictures.graph.match(/<polygon /g)).toHaveLength(2);
    const two = { ...FACTS, edges: [edge('al', 'bo', 3_000, 10_000, 0)] };
    const [bo, al] = [...trustGraph(two).matchAll(/<circle cx="([\d.]+)"[^>]*><title>(\w|=)/g)]
      .toSorted(([, , a], [, , b]) => (a! < b! ? -1 : 1))
      .map(([, x]) => Number(x));
    const [tip, ...feet] = /<polygon points="([^"]+)"/
      .exec(trustGraph(two))![1]!
      .split(' ')
      .map((point) => Number(point.split(',')[0]));
    // Bo owes Al: the tip is nearer to Al than the feet are.
    expect(Math.sign(tip! - feet[0]!)).toBe(Math.sign(al! - bo!));
  });

  it('say so where there is nothing', () => {
    expect(pictures['graph of nothing']).toContain('There is no line yet.');
    expect(pictures['participant without a line']).toContain('There is no line yet.');
    expect(pictures['heat map of nothing']).toContain('Nobody owes anything.');
    expect(pictures['growth of nothing']).toContain('Nothing is recorded yet.');
  });

  it('say what their colours mean, and how much the hottest is', () => {
    expect(pictures['heat map']).toContain('>up to 50.00 UAH<');
    expect(pictures.graph).toContain('orange: owed');
  });

  it('keep amounts of any length on the paper', () => {
    const huge = edge('al', 'bo', 10 ** 14, 10 ** 15, 0);
    const chart = participantChart(participantReport({ ...FACTS, edges: [huge] }, 'al'));
    const width = Number(/ width="(\d+)"/.exec(chart)![1]);
    const [, x, text] = /<text x="([\d.]+)"[^>]*>(1000000000000.00 [^<]*)</.exec(chart)!;
    expect(text).toBe('1000000000000.00 / 10000000000000.00');
    expect(Number(x) + widthOf(text!, 12)).toBeLessThanOrEqual(width);
  });

  it('are drawn with a few hundred points however long the history is', () => {
    const long = Array.from({ length: 3_000 }, (_, day) => sample(day, 100 + day, day));
    const chart = growthChart(communityReport(FACTS, long, []));
    const points = /<polyline points="([^"]+)"/.exec(chart)![1]!.split(' ');
    expect(points.length).toBeLessThanOrEqual(400);
    expect([points[0], points.at(-1)]).toEqual([
      expect.stringMatching(/^70,/),
      expect.stringMatching(/^710,/),
    ]);
    expect(chart).toContain('>1970-01-01 00:00 UTC<');
    expect(chart).not.toContain('<circle');
  });
});

describe('names in a picture', () => {
  const dot = (x: number, y: number, name: string): NamedDot => ({ x, y, r: 5, name });
  const at = (text: string) =>
    [...text.matchAll(/<text x="([\d.-]+)" y="([\d.-]+)"[^>]*>([^<]*)</g)].map(
      ([, x, y, name]) => ({ x: Number(x), y: Number(y), name: name! }),
    );

  it('stand to the right, or left where the paper ends', () => {
    const [anna, bob] = at(namesOf([dot(50, 50, 'Anna'), dot(195, 150, 'Bob')], 200));
    expect(anna!.x).toBeGreaterThan(55);
    expect(bob!.x + widthOf('Bob', 10)).toBeLessThan(190);
  });

  it('never lie on each other; who comes first has a name in any crowd', () => {
    const crowd = Array.from({ length: 60 }, (_, i) =>
      dot(100 + (i % 8) * 14, 100 + Math.floor(i / 8) * 12, `Member ${i}`),
    );
    const placed = at(namesOf(crowd, 400));
    expect(placed.length).toBeGreaterThan(4);
    expect(placed.length).toBeLessThan(60);
    expect(placed[0]!.name).toBe('Member 0');
    for (const [index, one] of placed.entries()) {
      for (const other of placed.slice(0, index)) {
        const [left, right] = one.x < other.x ? [one, other] : [other, one];
        const apart = right.x - left.x >= widthOf(left.name, 10) || Math.abs(one.y - other.y) >= 11;
        expect(apart, `${one.name} and ${other.name}`).toBe(true);
      }
    }
  });

  it('are cut by the room that they take: wide letters count double', () => {
    expect(shortened('Anna Petrenko', 8)).toBe('Anna Pe…');
    expect(shortened('東京都千代田区', 8)).toBe('東京都…');
    expect(shortened('東京都', 6)).toBe('東京都');
  });
});

describe('an axis', () => {
  it('has round amounts, up to the largest', () => {
    expect(ticksTo(89_100)).toEqual([0, 25_000, 50_000, 75_000, 100_000]);
    expect(ticksTo(0)).toEqual([0, 1]);
    expect(ticksTo(72)).toEqual([0, 20, 40, 60, 80]);
    expect([12_500, 0.25, 2_000_000].map(shortAmount)).toEqual(['12.5K', '0.25', '2M']);
  });

  it('reaches the largest with two to five steps, whatever it is', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-6, max: 1e18, noNaN: true }), (most) => {
        const ticks = ticksTo(most);
        expect(ticks.at(-1)! * (1 + 1e-9)).toBeGreaterThanOrEqual(most);
        expect(ticks.at(-2)!).toBeLessThan(most);
        expect(ticks.length).toBeLessThanOrEqual(6);
      }),
    );
  });
});

/** Tags that are opened and not closed, or closed and not opened. */
function openTags(text: string): string[] {
  const open: string[] = [];
  for (const [, close, name, self] of text.matchAll(/<(\/?)(\w+)[^<>]*?(\/?)>/g)) {
    if (self === '/') continue;
    if (close !== '/') open.push(name!);
    else if (open.at(-1) === name) open.pop();
    else return [...open, `/${name}`];
  }
  return open;
}
