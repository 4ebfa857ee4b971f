/** The files of `bench route`: trust lines and wishes to pay, as comma-separated text. */
import { AMOUNT_MAX } from '../../protocol/limits.ts';
import { CompactGraph } from '../../protocol/routing/compact-graph.ts';
import { badFile } from './files.ts';

export interface NamedGraph {
  readonly graph: CompactGraph;
  /** Number of a participant → its name in the file. */
  readonly names: readonly string[];
  readonly numbers: ReadonlyMap<string, number>;
}

export interface Pair {
  readonly from: string;
  readonly to: string;
  /** Whole, smallest unit. */
  readonly amount: bigint;
}

/**
 * Lines `from,to,limit,debt`: `from` may owe `to` up to `limit` and owes `debt` now. Of two rows for
 * the same line the later counts; a line of somebody to itself is nothing.
 * @throws GeoError E009 `bad_file`
 */
export function graphFrom(text: string, file: string): NamedGraph {
  const graph = new CompactGraph();
  const names: string[] = [];
  const numbers = new Map<string, number>();
  const numberOf = (name: string): number => {
    let node = numbers.get(name);
    if (node === undefined) {
      node = graph.addNode();
      numbers.set(name, node);
      names.push(name);
    }
    return node;
  };
  for (const [from, to, limit, debt] of rows(text, file, ['from', 'to', 'limit', 'debt'])) {
    const debtor = numberOf(from!);
    const creditor = numberOf(to!);
    if (debtor === creditor) continue;
    graph.setLine(debtor, creditor, { limit: whole(limit!, file), debt: whole(debt!, file) });
  }
  return { graph, names, numbers };
}

/** @throws GeoError E009 `bad_file` */
export function pairsFrom(text: string, file: string): Pair[] {
  const pairs: Pair[] = [];
  for (const [from, to, amount] of rows(text, file, ['from', 'to', 'amount'])) {
    pairs.push({ from: from!, to: to!, amount: whole(amount!, file) });
  }
  return pairs;
}

/** The named columns of each row, in the order of `columns`; the file may have more. */
export function* rows(text: string, file: string, columns: readonly string[]): Generator<string[]> {
  const lines = text.replace(/^\ufeff/, '').split(/\r?\n/);
  const header = lines[0]!.split(',').map((title) => title.trim());
  const places = columns.map((column) => header.indexOf(column));
  if (places.includes(-1)) {
    throw badFile(`${file} must begin with a row that names the columns ${columns.join(',')}.`);
  }
  for (let i = 1; i < lines.length; i++) {
    if (lines[i]!.trim() === '') continue;
    const cells = lines[i]!.split(',');
    const row = places.map((place) => (cells[place] ?? '').trim());
    if (row.includes('')) throw badFile(`${file}, line ${i + 1}: a value is missing.`);
    yield row;
  }
}

/** @throws GeoError E009 `bad_file` */
export function whole(text: string, file: string): bigint {
  const value = /^\d{1,19}$/.test(text) ? BigInt(text) : -1n;
  if (value >= 0n && value <= AMOUNT_MAX) return value;
  throw badFile(`${file}: "${text}" is not a whole number from 0 to ${AMOUNT_MAX}.`);
}
