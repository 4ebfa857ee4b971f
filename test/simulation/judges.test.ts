/**
 * Judges that once took something right for a mistake: each is shown what it must pass, and beside
 * it what it must not (docs/FINDINGS.md names the runs).
 */
import { describe, expect, it } from 'vitest';
import { Books } from '../../simulations/checkers/books.ts';
import { Findings } from '../../simulations/checkers/findings.ts';
import { Freshness } from '../../simulations/checkers/freshness.ts';
import { Moves } from '../../simulations/checkers/moves.ts';
import {
  type BatchChange,
  Observed,
  type SeenAttempt,
} from '../../simulations/checkers/observed.ts';
import {
  digestItem,
  edgeName,
  type Phase,
  type ReadEdge,
} from '../../simulations/checkers/reading.ts';
import { VirtualTime } from '../../simulations/simulator/clock.ts';
import type { Host } from '../../simulations/simulator/host.ts';
import { OwnAudits } from '../../simulations/simulator/own-audits.ts';

const [anna, boris, hubHex, zoe] = ['aa', 'bb', 'cc', 'dd'];
const HASH = 'f0'.repeat(32);

const newFindings = () => new Findings(new VirtualTime(() => undefined));

function host(name: string, hex: string, more: object = {}): Host {
  const identity = { hex, pid: `pid of ${name}` };
  const disk = { image: new Map() };
  const fixed = { isGone: false, isHostile: false, serves: new Set([hex]) };
  return { name, identity, disk, ...fixed, ...more } as unknown as Host;
}

function edge(low: string, high: string, change: Partial<ReadEdge> = {}): ReadEdge {
  return {
    low,
    high,
    equivalent: 'HOUR',
    balance: 0n,
    heldUp: 0n,
    heldDown: 0n,
    count: 0,
    digest: '00',
    isDisputed: false,
    lowLine: undefined,
    highLine: undefined,
    ...change,
  };
}

function batch(by: Host, part: Partial<BatchChange>): BatchChange {
  const nothing = { attempts: [], edges: [], words: [], statuses: [] };
  return { host: by, serves: by.serves, ...nothing, ...part };
}

describe('the index of a hub (30378)', () => {
  /** What Anna's node has is reported to nobody. @param agent whom she takes for who votes for Zoe */
  function stale(agent: string | undefined): string[] {
    const [hub, node] = [host('hub', hubHex), host('anna', anna)];
    (hub.disk.image as Map<string, Uint8Array>).set(
      `member/${node.identity.pid}`,
      new Uint8Array(),
    );
    const observed = new Observed();
    observed.of(node).edges.set(edgeName('HOUR', anna, zoe), edge(anna, zoe));
    if (agent !== undefined) observed.of(node).words.set(zoe, { agent, sequence: 1 } as never);
    return new Freshness(newFindings(), observed, hub, [node]).stale();
  }

  it('need not have what its teller believes to be in its own books', () => {
    expect(stale(hubHex)).toEqual([]);
  });

  it('must have every other edge of a member', () => {
    expect(stale(undefined)).toHaveLength(1);
    expect(stale(boris)).toHaveLength(1);
  });
});

describe('one agent at a time (9920060)', () => {
  /** Anna was spoken for by her hub, which still holds something, and is now by her own node. */
  function movedFrom(hub: Host): number {
    const findings = newFindings();
    const observed = new Observed();
    const moves = new Moves(findings, observed);
    const spokenBy = (agent: string): SeenAttempt =>
      ({
        phase: 'DOUBT',
        isInherited: false,
        manifest: { hash: HASH, voters: [agent, boris], agentOf: new Map([[anna, agent]]) },
      }) as unknown as SeenAttempt;
    const first = spokenBy(hubHex);
    observed.of(hub).attempts.set(HASH, first);
    observed.of(hub).holding.add(HASH);
    moves.changed(
      batch(hub, { attempts: [{ before: undefined, after: first }] }),
      observed.of(hub),
    );
    const node = host('anna', anna);
    const attempts = [{ before: undefined, after: spokenBy(anna) }];
    moves.changed(batch(node, { attempts }), observed.of(node));
    return findings.violations.length;
  }

  it('is not broken by what a hub held when it went for ever', () => {
    expect(movedFrom(host('hub', hubHex, { isGone: true }))).toBe(0);
  });

  it('is broken by a hub that is there and still holds', () => {
    expect(movedFrom(host('hub', hubHex))).toBe(1);
  });
});

describe('books (9960002)', () => {
  const own = edgeName('HOUR', anna, boris);
  const brought = edgeName('HOUR', boris, zoe);
  const manifest = {
    hash: HASH,
    tx: HASH,
    attempt: 1,
    effects: [
      { edge: own, low: anna, high: boris, change: 5n },
      { edge: brought, low: boris, high: zoe, change: 5n },
    ],
  };
  const attempt = (phase: Phase, edges: readonly string[]): SeenAttempt =>
    ({ phase, manifest, edges: () => new Set(edges) }) as unknown as SeenAttempt;
  const digest = (digestItem(manifest as never, 5n) % 2n ** 256n).toString(16);

  /** Anna's node was in doubt when Zoe came, whose receipt ends it. @param applied edges with the change in them */
  function ended(applied: readonly string[]): number {
    const findings = newFindings();
    const observed = new Observed();
    const books = new Books(findings, observed);
    const node = host('anna', anna);
    const { edges } = observed.of(node);
    edges.set(own, edge(anna, boris, { heldUp: 5n }));
    const doubt = attempt('DOUBT', [own]);
    books.changed(batch(node, { attempts: [{ before: undefined, after: doubt }] }));
    expect(findings.violations).toEqual([]);
    for (const [name, low, high] of [
      [own, anna, boris],
      [brought, boris, zoe],
    ] as const) {
      const done = { balance: 5n, count: 1, digest };
      edges.set(name, edge(low, high, applied.includes(name) ? done : {}));
    }
    const after = attempt('COMMITTED', [own, brought]);
    books.changed(batch(node, { attempts: [{ before: doubt, after }] }));
    return findings.violations.length;
  }

  it('count what a receipt that is brought along ends here, and brings for one more edge', () => {
    expect(ended([own, brought])).toBe(0);
  });

  it('miss an edge in which it was not written', () => {
    expect(ended([own])).toBe(1);
    expect(ended([brought])).toBe(1);
  });
});

describe('own audits (9900018)', () => {
  const check = { invariant: 'limits', name: 'no debt above its limit', held: false, detail: '' };

  /** What is reported of an alarm and an audit of one node. */
  function reported(change: { bereft?: boolean; honest?: boolean; invariant?: string }): number {
    const { bereft = false, honest = true, invariant = check.invariant } = change;
    const findings = newFindings();
    const node = host('anna', anna);
    const audits = new OwnAudits(findings, honest, new Set(bereft ? [node] : []));
    audits.alarm(node, 'a debt is above its limit', invariant);
    audits.audited(node, [{ ...check, invariant }]);
    return findings.violations.length;
  }

  it('tell rightly of a debt above its limit where books were lost with a hub', () => {
    expect(reported({ bereft: true })).toBe(0);
  });

  it('tell rightly of it among such as keep no rule', () => {
    expect(reported({ honest: false })).toBe(0);
  });

  it('are mistakes everywhere else, and about everything else', () => {
    expect(reported({})).toBe(2);
    expect(reported({ bereft: true, invariant: 'certificates' })).toBe(2);
  });
});
