/** What a manifest of a clearing must be, beyond what the vectors show. */
import { describe, expect, it } from 'vitest';
import { GeoError } from '../../../protocol/errors.ts';
import type { Pid } from '../../../protocol/identity/pid.ts';
import { edgeId } from '../../../protocol/ledger/edge.ts';
import { effectsOf, hopsOf } from '../../../protocol/ledger/effects.ts';
import {
  checkNeutral,
  debtInstead,
  routeOfCycle,
} from '../../../protocol/machines/clearing-manifest.ts';
import type { EquivalentCode } from '../../../protocol/money/equivalent.ts';
import { anna, bob, carol } from '../../vectors/messages-world.ts';

const UAH = 'UAH' as EquivalentCode;
const CYCLE: readonly Pid[] = [anna.pid, bob.pid, carol.pid];
const effects = effectsOf(hopsOf([routeOfCycle(CYCLE, 7n)]), UAH);

describe('net positions', () => {
  it('are not changed by what runs round a cycle', () => {
    expect(() => checkNeutral(effects)).not.toThrow();
  });

  it('must not be: less on one edge, an edge too few, and an edge too many are refused', () => {
    const [first, ...rest] = effects;
    const more = { edge: edgeId(anna.pid, bob.pid, UAH), change: 1n };
    for (const wrong of [
      [{ ...first!, change: first!.change - 1n }, ...rest],
      rest,
      [...effects, more],
    ]) {
      expect(() => checkNeutral(wrong)).toThrow(GeoError);
    }
  });
});

describe('the debt that comes instead', () => {
  it('is from the first of a chain to its last, and a cycle has none', () => {
    expect(debtInstead({ cycle: CYCLE, shortens: true })).toEqual({
      debtor: anna.pid,
      creditor: carol.pid,
    });
    expect(debtInstead({ cycle: CYCLE })).toBeUndefined();
  });
});
