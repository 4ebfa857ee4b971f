import { describe, expect, it } from 'vitest';
import type { GeoError } from '../../../protocol/errors.ts';
import {
  type Edge,
  edgeId,
  holdChange,
  lineOf,
  newEdge,
  type TrustLine,
  withLine,
} from '../../../protocol/ledger/edge.ts';
import {
  changeLine,
  DEFAULT_POLICY,
  type LineChange,
  receiveLine,
} from '../../../protocol/machines/trust-line.ts';
import { anna, boris, NOW, UAH } from './sample-payment.ts';

const owner = anna.pid;
const empty = newEdge(edgeId(anna.pid, boris.pid, UAH), 2);

function line(change: Partial<TrustLine> = {}): TrustLine {
  return {
    limit: 100n,
    status: 'active',
    policy: DEFAULT_POLICY,
    sequence: 3,
    changed: 1,
    ...change,
  };
}

/** Anna gives Boris a line of 100, on which he owes `debt` and `held` more is under way. */
function edge(debt = 0n, held = 0n, given: TrustLine | undefined = line()): Edge {
  const sign = empty.low === owner ? 1n : -1n;
  const owing = { ...empty, balance: sign * debt };
  const holding = held === 0n ? owing : holdChange(owing, sign * held);
  return given === undefined ? holding : withLine(holding, owner, given);
}

function refusal(work: () => unknown): [string, string] {
  try {
    work();
  } catch (error) {
    const { code, details } = error as GeoError;
    return [code, details.fault];
  }
  throw new Error('nothing was refused');
}

const change = (on: Edge, wish: LineChange) => changeLine(on, owner, wish, NOW);

describe('the owner', () => {
  it('creates a line where there is none', () => {
    expect(change(empty, { limit: 50n })).toEqual({
      type: 'TRUST_LINE_CREATE',
      line: { limit: 50n, status: 'active', policy: DEFAULT_POLICY, sequence: 1, changed: NOW },
    });
  });

  it('creates one with limit 0, and one with the largest limit', () => {
    expect(change(empty, { limit: 0n }).line.limit).toBe(0n);
    expect(change(empty, { limit: 2n ** 63n - 1n }).line.limit).toBe(2n ** 63n - 1n);
  });

  it('creates again after closing, and the sequence grows on', () => {
    const closed = edge(0n, 0n, line({ status: 'closed', limit: 0n, sequence: 8 }));
    expect(change(closed, { limit: 5n })).toMatchObject({
      type: 'TRUST_LINE_CREATE',
      line: { limit: 5n, status: 'active', sequence: 9 },
    });
  });

  it('updates the limit down to what is owed and held, and no lower', () => {
    expect(change(edge(30n, 12n), { limit: 42n })).toMatchObject({
      type: 'TRUST_LINE_UPDATE',
      line: { limit: 42n, sequence: 4 },
    });
    expect(refusal(() => change(edge(30n, 12n), { limit: 41n }))).toEqual([
      'E003',
      'limit_below_debt',
    ]);
  });

  it('is not bound by what it owes itself', () => {
    expect(change(edge(-30n), { limit: 0n }).line.limit).toBe(0n);
  });

  it('keeps what it does not mention', () => {
    const policy = { ...DEFAULT_POLICY, can_be_intermediate: false, daily_limit: 7n };
    const given = edge(0n, 0n, line({ policy }));
    expect(change(given, { status: 'frozen' }).line).toMatchObject({ limit: 100n, policy });
    expect(change(given, { limit: 1n }).line).toMatchObject({ status: 'active', policy });
    expect(change(given, { policy: DEFAULT_POLICY }).line).toMatchObject({ limit: 100n });
  });

  it('freezes with debt, and thaws by setting the limit again', () => {
    const frozen = change(edge(30n), { status: 'frozen' });
    expect(frozen).toMatchObject({ type: 'TRUST_LINE_UPDATE', line: { status: 'frozen' } });
    const thawed = change(edge(30n, 0n, frozen.line), { limit: 60n });
    expect(thawed.line).toMatchObject({ status: 'active', limit: 60n, sequence: 5 });
  });

  it('freezes even when a debt that had to be honoured lies above the limit', () => {
    const over = edge(130n);
    expect(change(over, { status: 'frozen' }).line).toMatchObject({
      status: 'frozen',
      limit: 100n,
    });
    expect(refusal(() => change(over, { limit: 100n }))).toEqual(['E003', 'limit_below_debt']);
  });

  it('closes without debt and holds only', () => {
    expect(change(edge(), { status: 'closed' })).toMatchObject({
      type: 'TRUST_LINE_CLOSE',
      line: { status: 'closed', limit: 0n, sequence: 4 },
    });
    expect(refusal(() => change(edge(1n), { status: 'closed' }))).toEqual(['E008', 'line_in_use']);
    expect(refusal(() => change(edge(0n, 1n), { status: 'closed' }))).toEqual([
      'E008',
      'line_in_use',
    ]);
  });

  it.each(['frozen', 'closed'] as const)('cannot make a line that is not there %s', (status) => {
    expect(refusal(() => change(empty, { status }))).toEqual(['E004', 'no_line']);
    const closed = edge(0n, 0n, line({ status: 'closed' }));
    expect(refusal(() => change(closed, { status }))).toEqual(['E004', 'no_line']);
  });

  it.each([-1n, 2n ** 63n])('cannot set a limit of %s', (limit) => {
    expect(refusal(() => change(empty, { limit }))).toEqual(['E009', 'bad_limit']);
  });
});

describe('the other end', () => {
  const body = (sequence: number) => ({
    from_key: anna.signer.publicKey,
    to: boris.pid,
    equivalent: UAH,
    precision: 2,
    limit: 70n,
    status: 'frozen' as const,
    policy: DEFAULT_POLICY,
    sequence,
    changed: NOW,
  });

  it('adopts the first version and every newer one, whole', () => {
    for (const before of [empty, edge()]) {
      expect(receiveLine(before, owner, body(4))).toEqual({
        verdict: 'adopt',
        line: {
          limit: 70n,
          status: 'frozen',
          policy: DEFAULT_POLICY,
          sequence: 4,
          changed: NOW,
        },
      });
    }
  });

  it('changes nothing for a version that it has, or an older one', () => {
    expect(receiveLine(edge(), owner, body(3))).toEqual({ verdict: 'known' });
    expect(receiveLine(edge(), owner, body(1))).toEqual({ verdict: 'known' });
  });

  it('ends with the newest in whatever order and however often versions arrive', () => {
    const arrivals = [2, 5, 1, 5, 4, 3, 2];
    const last = arrivals.reduce((current, sequence) => {
      const verdict = receiveLine(current, owner, body(sequence));
      return verdict.verdict === 'adopt' ? withLine(current, owner, verdict.line) : current;
    }, empty);
    expect(lineOf(last, owner)?.sequence).toBe(5);
  });
});
