/** The whole demonstration, as a stranger would run it and check it: real processes, one killed, JSON out. */
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

/** A diamond with a tail: Anna reaches Dana through Boris and through Vira, and Emil through Boris. */
const community = {
  name: 'five',
  equivalents: [{ code: 'UAH', precision: 2 }],
  participants: ['anna', 'boris', 'vira', 'dana', 'emil'].map((id) => ({
    id,
    name: id,
    type: 'person',
  })),
  trust_lines: [
    { from: 'boris', to: 'anna', equivalent: 'UAH', limit: '200.00' },
    { from: 'vira', to: 'anna', equivalent: 'UAH', limit: '60.00' },
    { from: 'dana', to: 'boris', equivalent: 'UAH', limit: '100.00' },
    { from: 'dana', to: 'vira', equivalent: 'UAH', limit: '60.00' },
    { from: 'emil', to: 'boris', equivalent: 'UAH', limit: '50.00' },
  ],
  payments: [
    { from: 'anna', to: 'boris', equivalent: 'UAH', amount: '10.00' },
    { from: 'anna', to: 'emil', equivalent: 'UAH', amount: '20.00' },
    { from: 'anna', to: 'dana', equivalent: 'UAH', amount: '120.00' },
    { from: 'anna', to: 'dana', equivalent: 'UAH', amount: '5000.00' },
    { from: 'emil', to: 'anna', equivalent: 'UAH', amount: '999.00' },
  ],
};

let directory: string;
let report: DemoReport;
let talk: string;
let exitCode: number | null;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'geo-demo-e2e-'));
  const file = join(directory, 'five.json');
  await writeFile(file, JSON.stringify(community));
  const argv = ['--community', file, '--payments', '25', '--seed', '11', '--json'];
  const demo = spawn(process.execPath, [DEMO, ...argv, '--dir', join(directory, 'run')], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<number | null>((resolve) => demo.once('exit', resolve));
  const [out, err] = await Promise.all([text(demo.stdout), text(demo.stderr)]);
  exitCode = await ended;
  talk = err;
  // Whoever reads this because it failed wants to know what the demo said.
  expect({ out: out.slice(0, 1), talk: exitCode === 0 ? '' : err }).toEqual({ out: '{', talk: '' });
  report = JSON.parse(out);
}, 120_000);

afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

const cents = (amount: string) => BigInt(amount.replace('.', ''));

describe('the demonstration with five nodes', () => {
  it('ends with every invariant held and exit code 0', () => {
    expect(report.invariants.filter((row) => !row.held)).toEqual([]);
    expect(report.invariants.map((row) => row.name)).toEqual(
      expect.arrayContaining([
        'zero_sum',
        'atomic',
        'equal_books',
        'debts_certified',
        'all_decided',
      ]),
    );
    expect(exitCode).toBe(0);
  });

  it('ran every node as a process of its own, and left none of them running', () => {
    expect(report.nodes.map((node) => node.participant)).toEqual(
      community.participants.map((each) => each.id),
    );
    const processes = report.nodes.map((node) => node.process);
    expect(new Set(processes).size).toBe(5);
    for (const id of processes) expect(() => process.kill(id, 0)).toThrow('ESRCH');
  });

  it('killed a node among the payments and brought it back', () => {
    expect(talk).toMatch(/SIGKILL to \w+, in the middle of [1-9]\d* payment/);
    expect(talk).toMatch(/\w+ back after/);
  });

  it('made the payments of the file first, each with the outcome that its lines allow', () => {
    const outcomes = community.payments.map(({ from, to, amount }) => {
      const row = report.payments.find(
        (each) => each.from === from && each.to === to && each.amount === amount,
      );
      return row === undefined ? 'missing' : kindOf(row);
    });
    expect(outcomes).toEqual(['single-hop', 'multi-hop', 'split', 'refused', 'refused']);
    expect(report.payments).toHaveLength(25);
  });

  it('gives a code and a sentence for every refusal, and for nothing else', () => {
    for (const { state, reason } of report.payments) {
      if (state === 'COMMITTED') expect(reason).toBeNull();
      else expect(reason).toMatch(/^E00\d \w+: .{10,}/);
    }
    const tooMuch = report.payments.find((row) => row.amount === '5000.00');
    expect(tooMuch?.reason).toMatch(/^E00[12] /);
  });

  it('prints books that follow from the routes it prints', () => {
    const expected = new Map<string, bigint>();
    const owe = (creditor: string, debtor: string, amount: bigint) => {
      const key = `${creditor}<${debtor}`;
      expected.set(key, (expected.get(key) ?? 0n) + amount);
    };
    for (const { state, routes } of report.payments) {
      if (state !== 'COMMITTED') continue;
      for (const { path, amount } of routes) {
        for (const [index, creditor] of path.entries()) {
          const debtor = path[index - 1];
          if (debtor === undefined) continue;
          owe(creditor, debtor, cents(amount));
          owe(debtor, creditor, -cents(amount));
        }
      }
    }
    expect(report.books).toHaveLength(10);
    for (const { node, peer, balance } of report.books) {
      expect(cents(balance)).toBe(expected.get(`${node}<${peer}`) ?? 0n);
    }
  });

  it('tells how long each step took', () => {
    expect(report.steps.map((step) => step.name)).toEqual(
      expect.arrayContaining(['nodes up', 'trust lines opened', 'payments', 'audit']),
    );
    for (const { ms } of report.steps) expect(ms).toBeGreaterThanOrEqual(0);
  });
});
