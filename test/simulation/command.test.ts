/** `npm run simulate`: the same seeds are the same runs in every process, and coverage is counted. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { DRILLS } from '../../simulations/simulator/drills.ts';

const MAIN = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
const run = promisify(execFile);

interface Drilled {
  readonly name: string;
  readonly violations: readonly object[];
}

interface Printed {
  readonly drilled: readonly Drilled[];
  readonly histories: number;
  readonly failed: readonly object[];
  readonly digest: string;
  readonly coverage: readonly { readonly pair: string; readonly count: number }[];
}

async function simulate(...options: string[]): Promise<Printed> {
  const { stdout } = await run(process.execPath, [MAIN, 'simulate', ...options, '--json']);
  return JSON.parse(stdout) as Printed;
}

it('repeats itself from process to process, however many share the seeds', {
  timeout: 180_000,
}, async () => {
  const seeds = ['--seed', '11', '--histories', '5'];
  const [first, second] = [await simulate(...seeds), await simulate(...seeds, '--workers', '3')];
  expect(first.failed).toEqual([]);
  expect(first.histories).toBe(5);
  expect(second.digest).toBe(first.digest);
  const counted = first.coverage.filter(({ count }) => count > 0);
  expect(counted.length).toBeGreaterThan(10);
  expect(second.coverage).toEqual(first.coverage);
  // Whatever the seeds are, a search reaches what each of its drills is there for.
  expect(first.drilled.map(({ name }) => name)).toEqual(DRILLS.map(({ name }) => name));
  expect(first.drilled.flatMap(({ violations }) => violations)).toEqual([]);
  const reached = new Set(counted.map(({ pair }) => pair));
  const wanted = DRILLS.flatMap(({ reaches }) => reaches);
  expect(wanted.filter((pair) => !reached.has(pair))).toEqual([]);
});

it('says what is wrong with its options', { timeout: 60_000 }, async () => {
  const wrong = run(process.execPath, [MAIN, 'simulate', '--profile', 'sunny']);
  await expect(wrong).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringContaining('calm, lossy'),
  });
});
