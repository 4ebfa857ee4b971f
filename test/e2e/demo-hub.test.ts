/** The demonstration with a hub, as the default village has it: a killed hub loses nothing of its members, and clears. */
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DemoReport } from '../../simulations/demo/report.ts';
import { kindOf } from '../../simulations/demo/summary.ts';

const DEMO = fileURLToPath(new URL('../../simulations/demo/main.ts', import.meta.url));
const UAH = { equivalent: 'UAH' };

/** Who pays the next in a circle, and the last the first: on hosted members and nodes alike. */
const HOURS = ['anna', 'boris', 'vira'];
const MEALS = ['vira', 'dana', 'emil'];

function twoWays(pairs: string[][]) {
  return pairs.flatMap(([one, other]) => [
    line(other!, one!, 'UAH', '100.00'),
    line(one!, other!, 'UAH', '100.00'),
  ]);
}

/** `asked` wants to be asked before what it is owed is cleared. */
function oneWay(equivalent: string, circle: string[], asked: string) {
  return circle.map((debtor, index) => {
    const creditor = circle[(index + 1) % circle.length]!;
    return line(creditor, debtor, equivalent, '60', creditor !== asked);
  });
}

function line(from: string, to: string, equivalent: string, limit: string, auto = true) {
  return { from, to, equivalent, limit, policy: { auto_clearing: auto } };
}

function round(equivalent: string, circle: string[]) {
  return circle.map((from, index) => {
    const to = circle[(index + 1) % circle.length]!;
    return { from, to, equivalent, amount: '40', expect: 'committed' };
  });
}

/** Boris and Dana have nodes; the hub votes for Anna, Vira and Emil. Everyone trusts the next ones both ways. */
const community = {
  name: 'five and a hub',
  equivalents: [
    { code: 'UAH', precision: 2 },
    { code: 'HOURS', precision: 0 },
    { code: 'MEALS', precision: 0 },
  ],
  hub: { id: 'council', own_nodes: ['boris', 'dana'] },
  participants: ['anna', 'boris', 'vira', 'dana', 'emil'].map((id) => ({
    id,
    when_asked: id === 'emil' ? 'refuses' : 'agrees',
  })),
  trust_lines: twoWays([
    ['anna', 'boris'],
    ['anna', 'vira'],
    ['vira', 'emil'],
    ['boris', 'emil'],
    ['boris', 'dana'],
    ['emil', 'dana'],
  ]).concat(oneWay('HOURS', HOURS, 'boris'), oneWay('MEALS', MEALS, 'emil')),
  payments: [
    // From hosted to hosted, to a node, from a node, between nodes; over hosted and over nodes.
    { from: 'anna', to: 'vira', ...UAH, amount: '10.00', expect: 'committed' },
    { from: 'vira', to: 'boris', ...UAH, amount: '20.00', expect: 'multi_hop' },
    { from: 'dana', to: 'anna', ...UAH, amount: '30.00', expect: 'multi_hop' },
    { from: 'boris', to: 'dana', ...UAH, amount: '5.00', expect: 'committed' },
    { from: 'anna', to: 'emil', ...UAH, amount: '150.00', expect: 'split' },
    { from: 'emil', to: 'anna', ...UAH, amount: '999.00', expect: 'refused' },
    // Round two circles, until everyone owes the next.
    ...round('HOURS', HOURS),
    ...round('MEALS', MEALS),
  ],
};

let directory: string;
let report: DemoReport;
let talk: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'geo-demo-hub-'));
  const file = join(directory, 'hub.json');
  await writeFile(file, JSON.stringify(community));
  const argv = ['--community', file, '--payments', '30', '--seed', '5', '--json'];
  const demo = spawn(process.execPath, [DEMO, ...argv, '--dir', join(directory, 'run')], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<number | null>((resolve) => demo.once('exit', resolve));
  const [out, err] = await Promise.all([text(demo.stdout), text(demo.stderr)]);
  talk = err;
  // Whoever reads this because it failed wants to know what the demo said.
  expect((await ended) === 0 ? '' : out + err).toBe('');
  report = JSON.parse(out);
}, 120_000);

afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

describe('the demonstration with a hub', () => {
  it('runs the hub and each node as a process, and nobody else', () => {
    const processOf = new Map(report.nodes.map((node) => [node.participant, node.process]));
    expect([...processOf.keys()]).toEqual(['council', 'anna', 'boris', 'vira', 'dana', 'emil']);
    expect(new Set(processOf.values()).size).toBe(3);
    for (const hosted of ['anna', 'vira', 'emil']) {
      expect(processOf.get(hosted)).toBe(processOf.get('council'));
    }
  });

  it('kills the hub in the middle of payments', () => {
    expect(talk).toMatch(/SIGKILL to council, in the middle of \d+ payment/);
    expect(talk).toMatch(/council back after/);
  });

  it('pays between all kinds of members, as the lines allow', () => {
    const inUah = community.payments.filter(({ equivalent }) => equivalent === 'UAH');
    const kinds = inUah.map(({ from, to, amount }) => {
      const row = report.payments.find(
        (each) => each.from === from && each.to === to && each.amount === amount,
      );
      return row === undefined ? 'missing' : kindOf(row);
    });
    const expected = ['single-hop', 'multi-hop', 'multi-hop', 'single-hop', 'split', 'refused'];
    expect(kinds).toEqual(expected);
  });

  it('ends with every invariant held, and both books of every edge', () => {
    expect(report.invariants.filter((row) => !row.held)).toEqual([]);
    expect(report.invariants.map((row) => row.name)).toContain('clearing_neutral');
    expect(report.books).toHaveLength(24);
  });

  it('clears a circle when the node that is asked agrees, and none that a hosted member refuses', () => {
    const cleared = (equivalent: string) =>
      report.clearings
        .filter((row) => row.equivalent === equivalent)
        .map(({ cycle, state, answers }) => [cycle.toSorted(), state, answers]);
    expect(cleared('HOURS')).toEqual([
      [HOURS, 'COMMITTED', [{ participant: 'boris', agrees: true }]],
    ]);
    expect(cleared('MEALS')).toEqual([
      [MEALS.toSorted(), 'REJECTED', [{ participant: 'emil', agrees: false }]],
    ]);
  });
});
