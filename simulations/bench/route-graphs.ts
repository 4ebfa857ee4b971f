/** Graphs of trust lines drawn for `bench route`, of three forms; the seed repeats them. */
import { type SeededRandom, seededRandom } from '../random.ts';

export const GRAPH_FORMS = ['random', 'preferential', 'hubs'] as const;
export type GraphForm = (typeof GRAPH_FORMS)[number];

export interface GraphWish {
  /**
   * - `random`: both ends of a line drawn evenly; nobody stands in the middle.
   * - `preferential`: every participant comes with equally many lines, to whoever has many already.
   * - `hubs`: four participants have a line with six in 35 of the others each, whoever is left has
   *   one with somebody before them, and what lines remain are drawn evenly.
   */
  readonly form: GraphForm;
  readonly nodes: number;
  readonly lines: number;
  readonly seed: number;
}

const HUBS = 4;
/** The part of all participants that is a member of one hub: 12,000 of 70,000. */
const HUB_SHARE = 6 / 35;
const LIMIT_MIN = 100;
const LIMIT_MAX = 2_000;
/** A line with a hub is larger. */
const HUB_LIMIT_MAX = 5_000;

/** The text of a graph file: `from,to,limit,debt`, each line once. A line owes part of its limit. */
export function drawnGraph({ form, nodes, lines, seed }: GraphWish): string {
  const random = seededRandom(seed);
  const rows = new Map<string, string>();
  const add = (from: number, to: number, limitMax: number): void => {
    const line = `${from},${to}`;
    if (from === to || rows.has(line)) return;
    const limit = LIMIT_MIN + random.below(limitMax - LIMIT_MIN);
    rows.set(line, `${line},${limit},${random.below(limit)}\n`);
  };
  if (form === 'preferential') drawPreferential(nodes, lines, random, add);
  if (form === 'hubs') drawHubs(nodes, lines, random, add);
  // Half of all that can be, at most: a draw that is there already is made again.
  const most = Math.min(lines, Math.floor((nodes * (nodes - 1)) / 2));
  while (rows.size < most) add(random.below(nodes), random.below(nodes), LIMIT_MAX);
  return `from,to,limit,debt\n${[...rows.values()].join('')}`;
}

type AddLine = (from: number, to: number, limitMax: number) => void;

function drawPreferential(nodes: number, lines: number, random: SeededRandom, add: AddLine): void {
  const each = Math.max(1, Math.floor(lines / nodes));
  /** Everybody as often as they have lines, so that an even draw favours those who have many. */
  const ends = [0];
  for (let node = 1; node < nodes; node++) {
    for (let i = 0; i < each; i++) {
      const other = random.pick(ends);
      addEitherWay(node, other, LIMIT_MAX, random, add);
      ends.push(node, other);
    }
  }
}

function drawHubs(nodes: number, lines: number, random: SeededRandom, add: AddLine): void {
  const members = Math.floor(nodes * HUB_SHARE);
  let left = lines;
  for (let node = HUBS; node < nodes && left > 0; node++, left--) {
    const place = node - HUBS;
    if (place < members * HUBS) addEitherWay(node, place % HUBS, HUB_LIMIT_MAX, random, add);
    else addEitherWay(node, random.below(node), LIMIT_MAX, random, add);
  }
}

function addEitherWay(
  one: number,
  other: number,
  limitMax: number,
  random: SeededRandom,
  add: AddLine,
): void {
  if (random.below(2) === 0) add(one, other, limitMax);
  else add(other, one, limitMax);
}
