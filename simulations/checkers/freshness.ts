/**
 * A hub's index after reports were lost, late or old (docs/PROTOCOL.md, "Hub routes"): when they arrive again it
 * comes to know every edge of its members' nodes as it is, and what the debts and lines allow can be paid by it.
 * That a stale index leads to nothing but refused attempts is what all other rules judge meanwhile.
 */
import { type CborMap, decode } from '../../protocol/wire/cbor.ts';
import type { Host } from '../simulator/host.ts';
import type { Findings } from './findings.ts';
import type { Observed } from './observed.ts';
import { edgeName, type Hex, hexOf, type ReadEdge, type ReadLine } from './reading.ts';

/** A longer way is more than a payment of these runs takes. */
const HOPS_MAX = 6;

/** What a report tells of an edge, in the form in which two can be compared. */
type Told = string;

export class Freshness {
  readonly #findings: Findings;
  readonly #observed: Observed;
  readonly #hub: Host;
  /** Whose nodes report to it. */
  readonly #joined: readonly Host[];

  constructor(findings: Findings, observed: Observed, hub: Host, joined: readonly Host[]) {
    this.#findings = findings;
    this.#observed = observed;
    this.#hub = hub;
    this.#joined = joined;
  }

  /** Edges of which the hub knows something else than what is so. */
  stale(): string[] {
    if (this.#hub.isGone) return [];
    const known = this.#reported();
    return this.#reporters().flatMap((host) => {
      const me = host.identity.hex;
      return this.#edgesOf(host).flatMap((edge) => {
        const other = edge.low === me ? edge.high : edge.low;
        // The hub has these in its own books; or so believes who has not heard that somebody has left it.
        const agent = this.#observed.of(host).words.get(other)?.agent ?? other;
        if (this.#hub.serves.has(other) || agent === this.#hub.identity.hex) return [];
        const name = edgeName(edge.equivalent, edge.low, edge.high);
        const teller = edge.low === me ? 'low' : 'high';
        const [told, is] = [known.get(`${name} ${teller}`), toldOf(edge)];
        return told === is ? [] : [`${host.name} in ${name.slice(0, 14)}: ${is}, known is ${told}`];
      });
    });
  }

  /** It has had time enough. */
  atEnd(): void {
    for (const text of this.stale()) {
      this.#findings.report('reports', `the index stays behind: ${text}`);
    }
  }

  /** A member's node to which the smallest amount can be paid by the hub, over others if there is one. */
  reachable(equivalent: string): Host | undefined {
    const start = this.#hub.identity.hex;
    const members = new Map(this.#reporters().map((host) => [host.identity.hex, host]));
    let paths: Hex[][] = [[start]];
    let farthest: Host | undefined;
    const seen = new Set([start]);
    for (let hops = 1; hops <= HOPS_MAX && paths.length > 0; hops++) {
      const longer: Hex[][] = [];
      for (const path of paths) {
        for (const [next, host] of members) {
          if (seen.has(next) || !this.#passes([...path, next], equivalent)) continue;
          seen.add(next);
          farthest = host;
          longer.push([...path, next]);
        }
      }
      paths = longer;
    }
    return farthest;
  }

  /** A payment that nothing stood against. Whom lines elsewhere block no report tells: that shows in a vote. */
  paid(payee: Host, how: string | undefined): void {
    if (how === 'COMMITTED' || how === 'ABORTED participant_blocked') return;
    this.#findings.report(
      'reports',
      `with a true index ${this.#hub.name} cannot pay ${payee.name}: ${how ?? 'no answer'}`,
    );
  }

  #reporters(): Host[] {
    const { suspended } = this.#observed.of(this.#hub);
    return this.#joined.filter(
      (host) =>
        !host.isGone &&
        !host.isHostile &&
        !suspended.has(host.identity.hex) &&
        this.#hub.disk.image.has(`member/${host.identity.pid}`),
    );
  }

  #edgesOf(host: Host): ReadEdge[] {
    const me = host.identity.hex;
    return [...this.#observed.of(host).edges.values()].filter(
      ({ low, high }) => low === me || high === me,
    );
  }

  #reported(): ReadonlyMap<string, Told> {
    const known = new Map<string, Told>();
    for (const [key, value] of this.#hub.disk.image) {
      if (!key.startsWith('report/')) continue;
      const { edge, teller } = decode(value) as CborMap;
      const { low, high, equivalent, balance, up, down } = edge as CborMap;
      const name = edgeName(
        equivalent as string,
        hexOf(low as Uint8Array),
        hexOf(high as Uint8Array),
      );
      known.set(`${name} ${String(teller)}`, `${balance} up ${up} down ${down}`);
    }
    return known;
  }

  /** May everybody on the path pass on the smallest amount, by both books of its last hop? */
  #passes(path: readonly Hex[], equivalent: string): boolean {
    const [from, to] = [path.at(-2)!, path.at(-1)!];
    const books = [this.#hub, ...this.#reporters()].filter(({ identity }) =>
      [from, to].includes(identity.hex),
    );
    const lines: ReadLine[] = [];
    for (const host of books) {
      const edge = this.#observed.of(host).edges.get(edgeName(equivalent, from, to));
      if (edge === undefined || edge.isDisputed) return false;
      const line = edge.low === to ? edge.lowLine : edge.highLine;
      if (line === undefined || capacityOf(edge, to) < 1n) return false;
      lines.push(line);
    }
    // Whoever is paid next may have to pass it on.
    return lines.every(
      ({ carries, dailyLimit, blocked }) =>
        carries && dailyLimit === undefined && blocked.length === 0,
    );
  }
}

function toldOf(edge: ReadEdge): Told {
  return `${edge.balance} up ${capacityOf(edge, edge.low)} down ${capacityOf(edge, edge.high)}`;
}

/** What the other end can still come to owe `creditor` (docs/PROTOCOL.md, "Capacity"). */
function capacityOf(edge: ReadEdge, creditor: Hex): bigint {
  const isLow = edge.low === creditor;
  const line = isLow ? edge.lowLine : edge.highLine;
  const owed = isLow ? edge.balance : -edge.balance;
  const held = isLow ? edge.heldUp : edge.heldDown;
  const lends = line?.status === 'active' && !edge.isDisputed;
  const limit = lends ? line.limit : owed > 0n ? owed : 0n;
  const free = limit - owed - held;
  return free > 0n ? free : 0n;
}
