/**
 * The checksum of each equivalent over all edges of this node. A change of an edge costs a mark; the hashes
 * are made when somebody asks, and then only those of edges that have changed since.
 */

import type { Hash } from '../../protocol/identity/pid.ts';
import {
  addToChecksum,
  checksumText,
  edgeChecksum,
  takeFromChecksum,
} from '../../protocol/ledger/checksum.ts';
import type { Edge } from '../../protocol/ledger/edge.ts';
import type { EquivalentCode } from '../../protocol/money/equivalent.ts';
import type { State } from '../engine/state.ts';

export interface EquivalentChecksum {
  readonly equivalent: EquivalentCode;
  readonly edges: number;
  readonly checksum: Hash;
}

interface Sum {
  edges: number;
  sum: bigint;
}

export class Checksums {
  readonly #state: State;
  /** What each edge has put into its equivalent's sum, by the edge's name. */
  readonly #parts = new Map<string, bigint>();
  readonly #sums = new Map<EquivalentCode, Sum>();
  /** Names of edges that have changed since. */
  readonly #changed = new Set<string>();

  constructor(state: State) {
    this.#state = state;
    state.watchEdges({
      changed: (_, key) => this.#changed.add(key),
      reloaded: () => this.#begin(),
    });
  }

  /** By code. */
  rows(): EquivalentChecksum[] {
    this.#catchUp();
    return [...this.#sums]
      .map(([equivalent, { edges, sum }]) => ({ equivalent, edges, checksum: checksumText(sum) }))
      .sort((a, b) => (a.equivalent < b.equivalent ? -1 : 1));
  }

  #begin(): void {
    this.#parts.clear();
    this.#sums.clear();
    this.#changed.clear();
    for (const name of this.#state.edges.keys()) this.#changed.add(name);
  }

  #catchUp(): void {
    for (const name of this.#changed) {
      const edge = this.#state.edges.get(name);
      if (edge !== undefined) this.#replace(name, edge);
    }
    this.#changed.clear();
  }

  #replace(name: string, edge: Edge): void {
    const known = this.#sums.get(edge.equivalent) ?? { edges: 0, sum: 0n };
    const before = this.#parts.get(name);
    const part = edgeChecksum(edge);
    const without = before === undefined ? known.sum : takeFromChecksum(known.sum, before);
    this.#parts.set(name, part);
    this.#sums.set(edge.equivalent, {
      edges: known.edges + (before === undefined ? 1 : 0),
      sum: addToChecksum(without, part),
    });
  }
}
