/** Small graphs and slow, plain answers about them, for the tests of the searches. */
import fc from 'fast-check';
import { CompactGraph } from '../../../protocol/routing/compact-graph.ts';

export interface PlainLine {
  readonly from: number;
  readonly to: number;
  readonly limit: bigint;
  readonly debt: bigint;
  readonly carries: boolean;
}

export const NODES = 7;
export const PAYER = 0;
export const PAYEE = NODES - 1;

export const plainLines: fc.Arbitrary<PlainLine[]> = fc.uniqueArray(
  fc
    .record({
      from: fc.nat(NODES - 1),
      to: fc.nat(NODES - 1),
      limit: fc.bigInt({ min: 0n, max: 20n }),
      debt: fc.oneof(fc.constant(0n), fc.bigInt({ min: 0n, max: 20n })),
      carries: fc.oneof({ weight: 5, arbitrary: fc.constant(true) }, fc.constant(false)),
    })
    .filter(({ from, to }) => from !== to),
  { maxLength: 24, selector: ({ from, to }) => `${from}>${to}` },
);

export function graphOf(lines: readonly PlainLine[], nodes = NODES): CompactGraph {
  const graph = new CompactGraph();
  for (let i = 0; i < nodes; i++) graph.addNode();
  for (const { from, to, ...line } of lines) graph.setLine(from, to, line);
  return graph;
}

/** What the hop carries for a payment to `payee`. */
export function capacityOf(
  lines: readonly PlainLine[],
  from: number,
  to: number,
  payee = PAYEE,
): bigint {
  const line = lines.find((each) => each.from === from && each.to === to);
  const back = lines.find((each) => each.from === to && each.to === from)?.debt ?? 0n;
  if (line?.carries === false && to !== payee) return 0n;
  const capacity = (line?.limit ?? 0n) - (line?.debt ?? 0n) + back;
  return capacity > 0n ? capacity : 0n;
}

/** Every simple path from payer to payee of at most so many hops, as participants. */
export function everyPath(lines: readonly PlainLine[], maxHops: number): number[][] {
  const found: number[][] = [];
  const walk = (path: readonly number[]) => {
    const at = path.at(-1)!;
    if (at === PAYEE) {
      found.push([...path]);
      return;
    }
    if (path.length > maxHops) return;
    for (let next = 0; next < NODES; next++) {
      if (!path.includes(next) && capacityOf(lines, at, next) > 0n) walk([...path, next]);
    }
  };
  walk([PAYER]);
  return found;
}

export function widthOf(lines: readonly PlainLine[], path: readonly number[]): bigint {
  let width = 10n ** 30n;
  for (let i = 1; i < path.length; i++) {
    const capacity = capacityOf(lines, path[i - 1]!, path[i]!);
    if (capacity < width) width = capacity;
  }
  return width;
}

/** The smallest cut, by trying every one. */
export function smallestCut(lines: readonly PlainLine[]): bigint {
  let least = 10n ** 30n;
  for (let side = 0; side < 2 ** NODES; side++) {
    const has = (node: number) => (side >> node) % 2 === 1;
    if (!has(PAYER) || has(PAYEE)) continue;
    let cut = 0n;
    for (let from = 0; from < NODES; from++) {
      for (let to = 0; to < NODES; to++) {
        if (has(from) && !has(to)) cut += capacityOf(lines, from, to);
      }
    }
    if (cut < least) least = cut;
  }
  return least;
}

/** What a search must leave as it found it. */
export function carriesOf(graph: CompactGraph): number[] {
  return [...graph.carry.subarray(0, graph.slotCount)];
}
