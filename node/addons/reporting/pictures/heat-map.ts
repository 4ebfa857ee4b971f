/** Who owes whom how much, as a table of colours: debtors down, creditors across. Pure. */
import { type Facts, linesOf, nameIn, textOf } from '../facts.ts';
import { element, hint, label, PALE, picture, shortened } from './svg.ts';

/** Participants with the largest debts and credits together. */
const NODES_MAX = 50;
const CELL = 16;
const LEFT = 150;
const TOP = 170;
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
  const most = debts.reduce((max, { debt }) => Math.max(max, Number(debt)), 1);
  const cells = debts.flatMap(({ from: creditor, to: debtor, debt }) => {
    const [row, column] = [places.get(debtor), places.get(creditor)];
    if (row === undefined || column === undefined) return [];
    const said = `${nameIn(facts, debtor)} owes ${nameIn(facts, creditor)} ${textOf(debt, facts.precision)}`;
    // By the square root, or one large debt would leave all others white.
    const warmth = Math.max(WARMTH_MIN, Math.sqrt(Number(debt) / most));
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
  const left = sizes.size - pids.length;
  const title = `Debts in ${facts.equivalent}: debtors down, creditors across${left > 0 ? `; ${left} smaller ones left out` : ''}`;
  const body = element('rect', frame) + cells.join('') + names.join('');
  return picture(Math.max(560, LEFT + side + 100), TOP + side + 30, title, body);
}

/** @param warmth 0 to 1 */
function colourOf(warmth: number): string {
  const mixed = COOL.map((cool, index) => Math.round(cool + (HOT[index]! - cool) * warmth));
  return `rgb(${mixed.join(',')})`;
}
