/** The trust graph of a run as SVG: who trusts whom, and who came to owe whom. */
import { toUnits } from '../audit/desk.ts';
import type { Community } from '../community/community.ts';
import { seededRandom } from '../random.ts';
import type { DemoReport } from './report.ts';

interface Point {
  x: number;
  y: number;
}

const SIZE = 1000;
const MARGIN = 60;
/** Names stand to the right of their dots. */
const LABEL_ROOM = 140;
const ROUNDS = 300;
const LAYOUT_SEED = 7;
const TEXT_MAX = 28;
const COLOURS = ['#2a6f97', '#bc6c25', '#588157', '#9d4edd', '#c1121f', '#6c757d'];
const DEBT_WIDTH_MIN = 1.5;
const DEBT_WIDTH_MAX = 6;
/** Between the middles of debts in two equivalents between the same two. */
const LANE = 4;

/** Thin grey: a trust line, whatever its size. Coloured arrow: a debt, from debtor to creditor; thicker is more. */
export function trustGraphSvg(community: Community, report: DemoReport): string {
  const ids = community.participants.map((each) => each.id);
  const pairs = new Set(
    community.trustLines.map(({ from, to }) => JSON.stringify([from, to].toSorted())),
  );
  const links = [...pairs].map((pair) => JSON.parse(pair) as [string, string]);
  const places = layout(ids, links);
  const at = (id: string) => places.get(id)!;
  const lines = links.map(([a, b]) => segment(at(a), at(b), 'stroke="#ccd" stroke-width="0.8"'));
  const groups = [...new Set(community.participants.map((each) => each.group))];
  const dots = community.participants.map(({ id, name, group, participation }) => {
    const { x, y } = at(id);
    const fill =
      participation === 'frozen' ? '#fff' : COLOURS[groups.indexOf(group) % COLOURS.length];
    const label = svgText(name.length > TEXT_MAX ? `${name.slice(0, TEXT_MAX - 1)}…` : name);
    return (
      `<circle cx="${round(x)}" cy="${round(y)}" r="6" fill="${fill}" stroke="#333"/>` +
      // With a rim of paper: names lie on lines.
      `<text x="${round(x + 9)}" y="${round(y + 4)}" stroke="#fff" stroke-width="3" paint-order="stroke">${label}</text>`
    );
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${SIZE + LABEL_ROOM} ${SIZE + 40}" font-family="sans-serif" font-size="11">`,
    '<rect width="100%" height="100%" fill="#fff"/>',
    ...arrowHeads(community),
    ...lines,
    ...debtArrows(community, report, at),
    ...dots,
    ...legend(community),
    '</svg>\n',
  ].join('\n');
}

function debtArrows(community: Community, report: DemoReport, at: (id: string) => Point): string[] {
  return community.equivalents.flatMap(({ code, precision }, index) => {
    const debts = report.books
      .map((book) => ({
        ...book,
        units: toUnits(book.balance, precisionOf(community, book.equivalent)),
      }))
      .filter((book) => book.equivalent === code && book.units > 0n);
    const largest = debts.reduce((most, { units }) => (units > most ? units : most), 1n);
    return debts.map(({ node, peer, balance, units }) => {
      const share = Math.sqrt(Number(units) / Number(largest));
      const width = DEBT_WIDTH_MIN + share * (DEBT_WIDTH_MAX - DEBT_WIDTH_MIN);
      const style = `stroke="${COLOURS[index % COLOURS.length]}" stroke-opacity="0.75" stroke-width="${round(width)}" marker-end="url(#to-${code})"`;
      const title = `${peer} owes ${node} ${balance} ${code} (precision ${precision})`;
      const [from, to] = aside(at(peer), at(node), index);
      return segment(from, to, style, title);
    });
  });
}

/** Each equivalent has its own lane beside the straight line, to the debtor's right, so that none covers another. */
function aside(from: Point, to: Point, lane: number): [Point, Point] {
  const length = Math.hypot(to.x - from.x, to.y - from.y) || 1;
  const by = (lane + 0.5) * LANE;
  const [dx, dy] = [(-(to.y - from.y) / length) * by, ((to.x - from.x) / length) * by];
  return [
    { x: from.x + dx, y: from.y + dy },
    { x: to.x + dx, y: to.y + dy },
  ];
}

function precisionOf(community: Community, code: string): number | undefined {
  return community.equivalents.find((each) => each.code === code)?.precision;
}

function arrowHeads(community: Community): string[] {
  return community.equivalents.map(
    ({ code }, index) =>
      `<marker id="to-${code}" viewBox="0 0 10 10" refX="18" refY="5" markerWidth="9" markerHeight="9" markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0 10 5 0 10z" fill="${COLOURS[index % COLOURS.length]}"/></marker>`,
  );
}

function legend(community: Community): string[] {
  const lines = `<text x="${MARGIN}" y="${SIZE + 25}" fill="#667">thin: a trust line; dots by group</text>`;
  const debts = community.equivalents.map(({ code }, index) => {
    const x = MARGIN + 220 + index * 160;
    const colour = COLOURS[index % COLOURS.length];
    return `<text x="${x}" y="${SIZE + 25}" fill="${colour}">→ owes ${code}</text>`;
  });
  return [lines, ...debts];
}

/** Drawn springs along the lines, repulsion between all (Fruchterman and Reingold, 1991). */
function layout(ids: readonly string[], links: readonly [string, string][]): Map<string, Point> {
  const random = seededRandom(LAYOUT_SEED);
  const points = new Map<string, Point>(
    ids.map((id) => [id, { x: random.real() * SIZE, y: random.real() * SIZE }]),
  );
  const spacing = SIZE / Math.sqrt(ids.length + 1);
  for (let step = 0; step < ROUNDS; step++) {
    const moves = new Map<string, Point>(ids.map((id) => [id, { x: 0, y: 0 }]));
    ids.forEach((a, index) => {
      for (const b of ids.slice(index + 1)) {
        push(points, moves, a, b, (distance) => (spacing * spacing) / distance);
      }
    });
    for (const [a, b] of links)
      push(points, moves, a, b, (distance) => -(distance * distance) / spacing);
    const reach = (SIZE / 10) * (1 - step / ROUNDS);
    for (const [id, move] of moves) {
      const length = Math.hypot(move.x, move.y) || 1;
      const point = points.get(id)!;
      point.x += (move.x / length) * Math.min(length, reach);
      point.y += (move.y / length) * Math.min(length, reach);
    }
  }
  return fitted(points);
}

/** Adds a force between two points to their moves: positive pushes them apart. */
function push(
  points: ReadonlyMap<string, Point>,
  moves: ReadonlyMap<string, Point>,
  a: string,
  b: string,
  force: (distance: number) => number,
): void {
  const from = points.get(a)!;
  const to = points.get(b)!;
  const x = from.x - to.x;
  const y = from.y - to.y;
  const distance = Math.max(0.01, Math.hypot(x, y));
  const strength = force(distance) / distance;
  const first = moves.get(a)!;
  const second = moves.get(b)!;
  first.x += x * strength;
  first.y += y * strength;
  second.x -= x * strength;
  second.y -= y * strength;
}

function fitted(points: Map<string, Point>): Map<string, Point> {
  const all = [...points.values()];
  const [minX, maxX] = extent(all.map((point) => point.x));
  const [minY, maxY] = extent(all.map((point) => point.y));
  const room = SIZE - 2 * MARGIN;
  for (const point of all) {
    point.x = MARGIN + ((point.x - minX) / (maxX - minX || 1)) * room;
    point.y = MARGIN + ((point.y - minY) / (maxY - minY || 1)) * room;
  }
  return points;
}

function extent(values: readonly number[]): [number, number] {
  return [Math.min(...values), Math.max(...values)];
}

function segment(a: Point, b: Point, style: string, title?: string): string {
  const ends = `x1="${round(a.x)}" y1="${round(a.y)}" x2="${round(b.x)}" y2="${round(b.y)}"`;
  if (title === undefined) return `<line ${ends} ${style}/>`;
  return `<line ${ends} ${style}><title>${svgText(title)}</title></line>`;
}

function round(value: number): string {
  return value.toFixed(1);
}

function svgText(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
