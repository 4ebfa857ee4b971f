/** The judge of limits: what a participant brings along comes in some order, and is not judged on the way. */
import { describe, expect, it } from 'vitest';
import { Findings } from '../../simulations/checkers/findings.ts';
import { Limits } from '../../simulations/checkers/limits.ts';
import type { BatchChange, SeenAttempt } from '../../simulations/checkers/observed.ts';
import { Observed } from '../../simulations/checkers/observed.ts';
import type { ReadEdge } from '../../simulations/checkers/reading.ts';
import { VirtualTime } from '../../simulations/simulator/clock.ts';
import type { Host } from '../../simulations/simulator/host.ts';

const [me, other] = ['aa', 'bb'];
const NAME = `HOUR/${me}/${other}`;
const host = { name: 'n1', identity: { hex: me }, serves: new Set([me]) } as unknown as Host;

/** What the other end owes, on a line of mine that allows nothing. */
function edge(balance: bigint): ReadEdge {
  const line = { limit: 0n, status: 'active', dailyLimit: undefined, clears: false } as const;
  const policies = { carries: true, blocked: [], shortens: false, clearingLimit: undefined };
  const lowLine = { ...line, ...policies, sequence: 1 };
  return {
    low: me,
    high: other,
    equivalent: 'HOUR',
    balance,
    heldUp: 0n,
    heldDown: 0n,
    count: 1,
    digest: '00',
    isDisputed: false,
    lowLine,
    highLine: undefined,
  };
}

/** An attempt that was voted on elsewhere. */
const inherited = {
  phase: 'COMMITTED',
  isInherited: true,
  edges: () => new Set([NAME]),
  manifest: { effects: [], hops: [], voters: [other], participants: [me, other] },
} as unknown as SeenAttempt;

function rule() {
  const findings = new Findings(new VirtualTime(() => undefined));
  const limits = new Limits(findings);
  const disk = new Observed().of(host);
  let before: ReadEdge | undefined;
  const batch = (balance: bigint, brought: boolean) => {
    const after = edge(balance);
    const change: BatchChange = {
      host,
      serves: new Set([me]),
      attempts: brought ? [{ before: undefined, after: inherited }] : [],
      edges: [{ name: NAME, before, after }],
      words: [],
      statuses: [],
    };
    limits.changed(change, disk);
    before = after;
    return findings.violations.length;
  };
  return batch;
}

describe('limits', () => {
  it('are not judged while what was brought along is still coming', () => {
    const batch = rule();
    expect(batch(5n, true)).toBe(0);
    expect(batch(5n, false)).toBe(0);
    expect(batch(-70n, true)).toBe(0);
  });

  it('are judged when a debt grows that was brought along', () => {
    const batch = rule();
    expect(batch(5n, true)).toBe(0);
    expect(batch(6n, false)).toBe(1);
  });

  it('are judged again when it has been within its limit', () => {
    const batch = rule();
    batch(5n, true);
    expect(batch(-1n, false)).toBe(0);
    expect(batch(5n, false)).toBe(1);
  });
});
