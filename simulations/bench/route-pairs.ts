/** Payments drawn from a graph: who pays whom, and amounts of three kinds in turn. */
import type { CompactGraph } from '../../protocol/routing/compact-graph.ts';
import { type SeededRandom, seededRandom } from '../random.ts';
import type { NamedGraph, Pair } from './route-files.ts';

/**
 * In turn an amount that one usual hop carries, one of up to four such hops, and one of half to all
 * of the most that the pair can pay. Pairs that cannot pay anything are left in.
 * @param mostOf maximum flow of a pair
 */
export function randomPairs(
  { graph, names }: NamedGraph,
  count: number,
  seed: number,
  mostOf: (payer: number, payee: number) => bigint,
): Pair[] {
  const random = seededRandom(seed);
  const usual = usualCapacity(graph);
  const pairs: Pair[] = [];
  while (pairs.length < count && graph.nodeCount > 1) {
    const payer = random.below(graph.nodeCount);
    const payee = random.below(graph.nodeCount);
    if (payer === payee) continue;
    const amount = amountOf(pairs.length % 3, random, usual, () => mostOf(payer, payee));
    pairs.push({ from: names[payer]!, to: names[payee]!, amount });
  }
  return pairs;
}

function amountOf(kind: number, random: SeededRandom, usual: bigint, most: () => bigint): bigint {
  const share = BigInt(random.below(1_000_000));
  const part = (whole: bigint): bigint => 1n + (whole * share) / 1_000_000n;
  if (kind === 0) return part(usual);
  if (kind === 1) return usual + part(3n * usual);
  const half = most() / 2n;
  return half + part(half);
}

/** The median of what hops carry that carry anything. */
function usualCapacity(graph: CompactGraph): bigint {
  const capacities: bigint[] = [];
  for (let node = 0; node < graph.nodeCount; node++) {
    for (let slot = graph.first[node]!; slot < graph.end[node]!; slot++) {
      const capacity = graph.capacityAt(slot);
      if (capacity > 0n) capacities.push(capacity);
    }
  }
  capacities.sort((a, b) => (a < b ? -1 : 1));
  return capacities[capacities.length >> 1] ?? 1n;
}
