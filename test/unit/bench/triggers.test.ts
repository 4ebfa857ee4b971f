/** `bench triggers` watches a real hub look for cycles while its members pay. */
import { expect, it } from 'vitest';
import {
  benchTriggers,
  readTriggersOptions,
  triggersText,
} from '../../../simulations/bench/triggers.ts';

it('counts what the triggers of a hub looked at, and what came of it', {
  timeout: 60_000,
}, async () => {
  const options = readTriggersOptions(
    '--members 12 --lines 60 --payments 400 --shortening'.split(' '),
  );
  const report = await benchTriggers(options, () => undefined);
  expect(report).toMatchObject({ members: 12, payments: 300, failed: 0 });
  expect(report.triggers).toBeGreaterThan(0);
  expect(report.debts_looked_at).toBeGreaterThan(0);
  expect(report.p99_ms).toBeGreaterThanOrEqual(report.p50_ms);
  const lines = triggersText({ width: 100, colours: false }, report).split('\n');
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
});

it('refuses sizes that make no community', () => {
  expect(() => readTriggersOptions(['--members', '2'])).toThrow(/members/);
  expect(() => readTriggersOptions(['--max-length', '7'])).toThrow(/max-length/);
  expect(() => readTriggersOptions(['--nobody'])).toThrow(
    expect.objectContaining({ code: 'E009', details: { fault: 'usage' } }),
  );
});
