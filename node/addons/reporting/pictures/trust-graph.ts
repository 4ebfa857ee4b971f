/** Who trusts whom and who owes whom, as a graph. Pure: the same facts give the same picture. */
import { type Facts, type LineFact, linesOf, nameIn, textOf } from '../facts.ts';
import { namesOf } from './names.ts';
import { BLUE, element, hint, note, nothing, ORANGE, PAPER, picture } from './svg.ts';

/** Participants with the most edges; more would be a tangle. */
const NODES_MAX = 120;
const SIZE = { width: 960, height: 760, margin: 60, top: 50 };
const ROUNDS = 150;
/** What differs by less is rounding: two dots are not to be torn into two corners. */
const FLAT = 1e-6;

interface Place {
  x: number;
  y: number;
}

export function trustGraph(facts: Facts): string {
  const degrees = new Map<string, number>();
  for (const { low, high } of facts.edges) {
    for (const end of [low, high]) degrees.set(end, (degrees.get(end) ?? 0) + 1);
  }
  const pids = [...degrees]
    .sort(([a, one], [b, other]) => other - one || (a < b ? -1 : 1))
    .slice(0, NODES_MAX)
    .map(([pid]) => pid);
  const numbers = new Map(pids.map((pid, index) => [pid, index]));
  const edges = facts.edges.flatMap(({ low, high }): [number, number][] => {
    const [a, b] = [numbers.get(low), numbers.get(high)];
    return a === undefined || b === undefined ? [] : [[a, b]];
  });
  const places = arranged(pids.length, edges);
  const lines = linesOf(facts.edges).flatMap((line) => {
    const [a, b] = [numbers.get(line.from), numbers.get(line.to)];
    return a === undefined || b === undefined ? [] : [drawn(facts, line, places[a]!, places[b]!)];
  });
  const dots = pids.map((pid, index) => {
    const r = 4 + Math.min(8, Math.sqrt(degrees.get(pid)!));
    return { ...places[index]!, r, name: nameIn(facts, pid) };
  });
  const circles = dots.map(({ x, y, r, name }) =>
    element('circle', { cx: x, cy: y, r, stroke: PAPER }, hint(name)),
  );
  const title = `Trust in ${facts.equivalent}`;
  if (pids.length === 0) return picture(SIZE.width, 80, title, nothing('There is no line yet.'));
  const left = degrees.size - pids.length;
  const more = left > 0 ? `; ${left} participants with fewer lines are left out` : '';
  const key = note(
    `blue: nothing owed; orange: owed, thicker is more of the limit, the arrow points to whom${more}`,
  );
  const body = [key, ...lines, ...circles, namesOf(dots, SIZE.width)].join('');
  return picture(SIZE.width, SIZE.height, title, body);
}

/** A line of trust from its owner to its receiver; with an arrow the other way where something is owed. */
function drawn(
  facts: Facts,
  { from, to, limit, debt }: LineFact,
  one: Place,
  other: Place,
): string {
  const text = (units: bigint) => textOf(units, facts.precision);
  // Bent to one side, so that the line the other way lies beside it.
  const [mx, my] = [(one.x + other.x) / 2, (one.y + other.y) / 2];
  const bend = { x: mx + (other.y - one.y) * 0.08, y: my - (other.x - one.x) * 0.08 };
  const points = [one, bend, other].map(({ x, y }) => `${Math.round(x)} ${Math.round(y)}`);
  const d = `M${points[0]} Q${points[1]} ${points[2]}`;
  const used = limit === 0n ? 1 : Math.min(1, Number(debt) / Number(limit));
  const stroke = debt === 0n ? BLUE : ORANGE;
  const style = { d, fill: 'none', stroke, 'stroke-width': 1 + 3 * used, 'stroke-opacity': 0.55 };
  const said = `${nameIn(facts, from)} trusts ${nameIn(facts, to)}: ${text(debt)} of ${text(limit)} owed`;
  const path = element('path', style, hint(said));
  if (debt === 0n) return path;
  // Where the curve is in its middle, it goes straight from one end to the other.
  const top = { x: (mx + bend.x) / 2, y: (my + bend.y) / 2 };
  return path + arrow(top, Math.atan2(one.y - other.y, one.x - other.x), 4 + 2 * used);
}

/** @param turn radians; 0 points to the right */
function arrow({ x, y }: Place, turn: number, size: number): string {
  const points = [0, 2.5, -2.5].map((corner) => {
    const [dx, dy] = [Math.cos(turn + corner) * size, Math.sin(turn + corner) * size];
    return `${(x + dx).toFixed(1)},${(y + dy).toFixed(1)}`;
  });
  return element('polygon', { points: points.join(' '), fill: ORANGE });
}

/** By forces (Fruchterman and Reingold 1991), from a circle: neighbours attract, all repel. */
function arranged(count: number, edges: readonly (readonly [number, number])[]): Place[] {
  const places = Array.from({ length: count }, (_, index): Place => {
    const angle = (2 * Math.PI * index) / Math.max(1, count);
    return { x: Math.cos(angle), y: Math.sin(angle) };
  });
  const ideal = 2 / Math.sqrt(Math.max(1, count));
  for (let round = 0; round < ROUNDS; round++) {
    const moves = places.map((): Place => ({ x: 0, y: 0 }));
    for (let a = 0; a < count; a++) {
      for (let b = 0; b < a; b++) push(places, moves, a, b, (far) => (ideal * ideal) / far);
    }
    for (const [a, b] of edges) push(places, moves, a, b, (far) => -(far * far) / ideal);
    const step = 0.15 * (1 - round / ROUNDS);
    for (const [index, place] of places.entries()) {
      const { x, y } = moves[index]!;
      const length = Math.hypot(x, y) || 1;
      place.x += (x / length) * Math.min(length, step);
      place.y += (y / length) * Math.min(length, step);
    }
  }
  return fitted(places);
}

function push(
  places: readonly Place[],
  moves: readonly Place[],
  a: number,
  b: number,
  force: (distance: number) => number,
): void {
  const [dx, dy] = [places[a]!.x - places[b]!.x, places[a]!.y - places[b]!.y];
  const far = Math.max(1e-3, Math.hypot(dx, dy));
  const by = force(far) / far;
  moves[a]!.x += dx * by;
  moves[a]!.y += dy * by;
  moves[b]!.x -= dx * by;
  moves[b]!.y -= dy * by;
}

/** Stretched over the paper. */
function fitted(places: readonly Place[]): Place[] {
  const span = (of: (place: Place) => number, from: number, to: number) => {
    const values = places.map(of);
    const [least, most] = [Math.min(...values), Math.max(...values)];
    return (place: Place) =>
      most - least < FLAT
        ? (from + to) / 2
        : from + ((of(place) - least) / (most - least)) * (to - from);
  };
  const x = span((place) => place.x, SIZE.margin, SIZE.width - 2 * SIZE.margin);
  const y = span((place) => place.y, SIZE.top + 20, SIZE.height - SIZE.margin);
  return places.map((place) => ({ x: x(place), y: y(place) }));
}
