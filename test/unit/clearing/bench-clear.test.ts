/** `bench clear` on files, and its cycle file replayed by a program that knows nothing of the search. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { benchClear, benchClearBeside, clearText } from '../../../simulations/bench/clear.ts';
import { readClearOptions } from '../../../simulations/bench/options.ts';
import { oracleOptimum, randomRows } from './debts.ts';

let folder: string;
const place = (name: string) => join(folder, name);
const run = (...argv: string[]) => benchClear(readClearOptions(argv));

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'geo-clear-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  writeFileSync(place(name), text);
  return place(name);
}

/** Replays a cycle file against a CSV file, both as text. @returns what was cleared, by length too */
function audit(csv: string, cycles: string) {
  const debts = new Map<string, bigint>();
  for (const row of csv.trim().split('\n').slice(1)) {
    const [from, to, , debt] = row.split(',');
    debts.set(`${from}>${to}`, BigInt(debt!));
  }
  const lengths: Record<string, number> = {};
  let cleared = 0n;
  let count = 0;
  for (const line of cycles.split('\n').filter((each) => each !== '')) {
    const { cycle, amount } = JSON.parse(line) as { cycle: string[]; amount: number };
    for (const [at, from] of cycle.entries()) {
      const debt = `${from}>${cycle[(at + 1) % cycle.length]}`;
      const left = debts.get(debt)! - BigInt(amount);
      if (left < 0n) throw new Error(`${debt} is cleared by more than was owed`);
      debts.set(debt, left);
      cleared += BigInt(amount);
    }
    lengths[cycle.length] = (lengths[cycle.length] ?? 0) + 1;
    count++;
  }
  return { cleared: Number(cleared), cycles: count, lengths };
}

describe('bench clear', () => {
  it('writes cycles that can be carried out and add up to what it reports', () => {
    const rows = randomRows(3, 40, 300, 100_000);
    const csv = `from,to,limit,debt\n${rows.map(([from, to, debt]) => `m${from},m${to},-1,${debt}\n`).join('')}`;
    const debts = file('random.csv', csv);
    const report = run('--debts', debts, '--cycles', place('random.jsonl'), '--max-length', '6');
    const seen = audit(csv, readFileSync(place('random.jsonl'), 'utf8'));
    const { cleared, cycles, lengths } = report;
    expect({ cleared, cycles, lengths }).toEqual(seen);
    expect(
      Object.keys(lengths!).every((length) => Number(length) >= 2 && Number(length) <= 6),
    ).toBe(true);
    expect(report.optimum).toBe(oracleOptimum(40, rows));
    expect(report.total_debt).toBe(rows.reduce((sum, [, , debt]) => sum + debt, 0));
  });

  it('reports these fields and no others, in text the same figures', () => {
    const debts = file(
      'ring.csv',
      'from,to,limit,debt\r\na,b,-1,7\r\nb,c,100,5\r\nc,a,9,9\r\nc,d,9,0\r\nb,a,9,1\r\n',
    );
    const report = run('--debts', debts);
    expect(Object.keys(report).join()).toBe(
      'total_debt,optimum,cleared,cycles,lengths,exact_ms,decompose_ms,memory_mb',
    );
    expect(report).toMatchObject({
      total_debt: 22,
      optimum: 17,
      cleared: 17,
      cycles: 2,
      lengths: { 2: 1, 3: 1 },
    });
    const text = clearText(report);
    expect(text).toContain('17, 77.27 % of all debt');
    expect(text).toContain('2: 1, 3: 1');
  });

  it('finds the same whether or not its code has run before', () => {
    const rows = randomRows(4, 30, 150, 1_000);
    const debts = file(
      'cold.csv',
      `from,to,limit,debt\n${rows.map((row) => `${row[0]},${row[1]},-1,${row[2]}\n`).join('')}`,
    );
    const { cleared, cycles, optimum } = run('--debts', debts);
    expect(run('--debts', debts, '--cold')).toMatchObject({ cleared, cycles, optimum });
  });

  it('says what it is like in slices, if asked', async () => {
    const rows = randomRows(5, 60, 500, 1_000);
    const debts = file(
      'slices.csv',
      `from,to,limit,debt\n${rows.map((row) => `${row[0]},${row[1]},-1,${row[2]}\n`).join('')}`,
    );
    const report = await benchClearBeside(readClearOptions(['--debts', debts, '--slices']));
    const { took_ms, loop_delay_ms: delay, step_cpu_ms: step } = report.slices!;
    expect(took_ms).toBeGreaterThan(0);
    expect(delay.most).toBeGreaterThanOrEqual(delay.p99);
    expect(delay.p99).toBeGreaterThanOrEqual(delay.p50);
    expect(step.most).toBeGreaterThanOrEqual(step.p99);
    expect(clearText(report)).toContain(`at most ${step.most} ms of processor time`);
    const { slices, ...rest } = report;
    expect(Object.keys(rest)).toEqual(Object.keys(run('--debts', debts)));
  });

  it('looks for no cycles if only the optimum is asked for', () => {
    const debts = file('exact.csv', 'from,to,limit,debt\na,b,-1,7\nb,a,-1,5\n');
    expect(run('--debts', debts, '--exact')).toMatchObject({
      optimum: 10,
      cleared: null,
      cycles: null,
    });
  });

  it('proves what cycles so short cannot exceed, if asked', () => {
    const ring = 'a,b,-1,7\nb,c,-1,7\nc,a,-1,7\nc,d,-1,2\nd,c,-1,2\n';
    const debts = file('bound.csv', `from,to,limit,debt\n${ring}`);
    const report = run('--debts', debts, '--bound', '--max-length', '2');
    expect(report).toMatchObject({ optimum: 25, cleared: 4, bound: 4 });
    expect(clearText(report)).toContain('4, 16.00 % of the optimum');
    expect(clearText(report)).toContain('100.00 %');
    expect(run('--debts', debts, '--bound', '--exact')).toMatchObject({ bound: 25, cleared: null });
  });

  it('takes a file without debts', () => {
    const report = run('--debts', file('none.csv', 'from,to,limit,debt\n'));
    expect(report).toMatchObject({ total_debt: 0, optimum: 0, cleared: 0, cycles: 0, lengths: {} });
    expect(clearText(report)).toContain('none');
  });

  it.each([
    ['bad_header', 'from;to;limit;debt\n', 1],
    ['bad_row', 'from,to,limit,debt\na,b,-1\n', 2],
    ['bad_row', 'from,to,limit,debt\na,b,-1,5,5\n', 2],
    ['bad_row', 'from,to,limit,debt\na,b,-1,5\nb,c,-2,5\n', 3],
    ['bad_row', 'from,to,limit,debt\na,b,-1,0.5\n', 2],
    ['bad_row', 'from,to,limit,debt\na,b,-1,-5\n', 2],
    ['bad_row', 'from,to,limit,debt\na,a,-1,5\n', 2],
    ['repeated_row', 'from,to,limit,debt\na,b,-1,5\na,b,-1,6\n', 3],
    ['amounts_too_large', 'from,to,limit,debt\na,b,-1,9007199254740993\n', 2],
  ])('refuses a file with %s', (fault, text, line) => {
    expect(() => run('--debts', file('bad.csv', text))).toThrow(
      expect.objectContaining({ code: 'E009', details: expect.objectContaining({ fault, line }) }),
    );
  });

  it('says which file it cannot read or write', () => {
    const debts = file('fine.csv', 'from,to,limit,debt\na,b,-1,7\nb,a,-1,5\n');
    const fault = (name: string) =>
      expect.objectContaining({ details: expect.objectContaining({ fault: name }) });
    expect(() => run('--debts', place('missing.csv'))).toThrow(fault('unreadable_file'));
    expect(() => run('--debts', debts, '--cycles', place('no/such'))).toThrow(
      fault('unwritable_file'),
    );
  });

  it.each([
    [[]],
    [['--debts', 'x', '--max-length', '1']],
    [['--debts', 'x', '--exact', '--cycles', 'y']],
  ])('refuses wrong use: %j', (argv) => {
    expect(() => readClearOptions(argv)).toThrow(
      expect.objectContaining({ details: expect.objectContaining({ fault: 'usage' }) }),
    );
  });
});
