/** Who owes whom how much, as a table of colours: debtors down, creditors across. Pure. */
import { type Facts, linesOf, nameIn, textOf } from '../facts.ts';
import { element, hint, label, note, nothing, PALE, picture, shortened } from './svg.ts';

/** Participants with the largest debts and credits together. */
const NODES_MAX = 50;
const CELL = 16;
const LEFT = 150;
const TOP = 180;
/** The heading fits. */
const WIDTH_MIN = 560;
/** The smallest debt is told from none. */
const WARMTH_MIN = 0.12;
/** From hardly anything to the largest debt. */
const COOL = [255, 247, 236] as const;
const HOT = [179, 0, 0] as const;

export function debtHeatMap(facts: Facts): string {
  const debts = linesOf(facts.edges).filter(({ debt }) => debt > 0n);
  const sizes = new Map<string, bigint>();
  for (const { from, to, debt } of debts) {
    for (const end of [from, to]) sizes.set(end, (sizes.get(end) ?? 0n) + debt);
  }
  const pids = [...sizes]
    .sort(([a, one], [b, other]) => (one === other ? (a < b ? -1 : 1) : one > other ? -1 : 1))
    .slice(0, NODES_MAX)
    .map(([pid]) => pid);
  const places = new Map(pids.map((pid, index) => [pid, index]));
  const largest = debts.reduce((max, { debt }) => (debt > max ? debt : max), 1n);
  const cells = debts.flatMap(({ from: creditor, to: debtor, debt }) => {
    const [row, column] = [places.get(debtor), places.get(creditor)];
    if (row === undefined || column === undefined) return [];
    const said = `${nameIn(facts, debtor)} owes ${nameIn(facts, creditor)} ${textOf(debt, facts.precision)}`;
    // By the square root, or one large debt would leave all others white.
    const warmth = Math.max(WARMTH_MIN, Math.sqrt(Number(debt) / Number(largest)));
    const at = { x: LEFT + column * CELL, y: TOP + row * CELL };
    const size = { width: CELL - 1, height: CELL - 1 };
    return [element('rect', { ...at, ...size, fill: colourOf(warmth) }, hint(said))];
  });
  const side = pids.length * CELL;
  const frame = { x: LEFT, y: TOP, width: side, height: side, fill: 'none', stroke: PALE };
  const names = pids.map((pid, index) => {
    const name = shortened(nameIn(facts, pid), 20);
    const middle = index * CELL + CELL - 4;
    const turned = `rotate(-60 ${LEFT + middle} ${TOP - 6})`;
    return (
      label(LEFT - 6, TOP + middle, name, { 'text-anchor': 'end', 'font-size': 10 }) +
      label(LEFT + middle, TOP - 6, name, { transform: turned, 'font-size': 10 })
    );
  });
  const title = `Debts in ${facts.equivalent}: debtors down, creditors across`;
  if (pids.length === 0) return picture(WIDTH_MIN, 80, title, nothing('Nobody owes anything.'));
  const left = sizes.size - pids.length;
  const more = left > 0 ? note(`${left} participants with smaller debts are left out`) : '';
  const key = scale(
    `up to ${textOf(largest, facts.precision)} ${facts.equivalent}`,
    TOP + side + 16,
  );
  const body = [more, grid(side), element('rect', frame), ...cells, ...names, key].join('');
  return picture(Math.max(WIDTH_MIN, LEFT + side + 100), TOP + side + 50, title, body);
}

/** Along which the eye finds the names. */
function grid(side: number): string {
  const lines: string[] = [];
  for (let at = CELL; at < side; at += CELL) {
    const [x, y] = [LEFT + at - 0.5, TOP + at - 0.5];
    const style = { stroke: PALE, 'stroke-width': 0.5 };
    lines.push(element('line', { x1: x, x2: x, y1: TOP, y2: TOP + side, ...style }));
    lines.push(element('line', { x1: LEFT, x2: LEFT + side, y1: y, y2: y, ...style }));
  }
  return lines.join('');
}

/** What the colours mean, from the palest to the hottest. */
function scale(text: string, y: number): string {
  const warmths = [WARMTH_MIN, 0.3, 0.5, 0.7, 1];
  const squares = warmths.map((warmth, index) => {
    const at = { x: LEFT + index * CELL, y, width: CELL - 1, height: CELL - 1 };
    return element('rect', { ...at, fill: colourOf(warmth) });
  });
  return squares.join('') + label(LEFT + warmths.length * CELL + 6, y + 12, text);
}

/** @param warmth 0 to 1 */
function colourOf(warmth: number): string {
  const mixed = COOL.map((cool, index) => Math.round(cool + (HOT[index]! - cool) * warmth));
  return `rgb(${mixed.join(',')})`;
}
