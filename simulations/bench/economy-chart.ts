/** All debt over time under each policy, as a picture. */
import { writeFileSync } from 'node:fs';
import { element, label, PALE, picture } from '../../node/addons/reporting/pictures/svg.ts';
import { GeoError } from '../../protocol/errors.ts';

const PLOT = { left: 90, top: 60, width: 640, height: 300 };
const KEY_STEP = 90;
/** Okabe and Ito, "Color Universal Design" (2008): told apart by everyone. */
const COLOURS = ['#000000', '#d55e00', '#e69f00', '#56b4e9', '#009e73', '#0072b2', '#cc79a7'];
const GRID = [0, 0.25, 0.5, 0.75, 1];

/** All debt over time, smallest unit; enough points for a picture. */
export interface DebtCurve {
  readonly policy: string;
  readonly points: readonly (readonly [at: number, debt: number])[];
}

/** @throws GeoError E009 `unwritable_file` */
export function writeDebtChart(file: string, curves: readonly DebtCurve[]): void {
  try {
    writeFileSync(file, debtChart(curves));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const fault = 'unwritable_file';
    throw new GeoError('E009', `${file} cannot be written: ${reason}`, { fault, file });
  }
}

export function debtChart(curves: readonly DebtCurve[]): string {
  const points = curves.flatMap((curve) => curve.points);
  const times = points.map(([at]) => at);
  const first = times.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const last = times.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const most = points.reduce((sum, [, debt]) => Math.max(sum, debt), 1);
  const x = (at: number) => PLOT.left + ((at - first) / Math.max(1, last - first)) * PLOT.width;
  const y = (debt: number) => PLOT.top + PLOT.height * (1 - debt / most);
  const grid = GRID.map((part) => {
    const at = y(most * part);
    const line = { x1: PLOT.left, x2: PLOT.left + PLOT.width, y1: at, y2: at, stroke: PALE };
    const amount = Math.round(most * part).toLocaleString('en');
    return element('line', line) + label(PLOT.left - 8, at + 4, amount, { 'text-anchor': 'end' });
  });
  const lines = curves.map(({ points: of }, i) => {
    const path = of.map(([at, debt]) => `${x(at).toFixed(1)},${y(debt).toFixed(1)}`).join(' ');
    return element('polyline', { points: path, fill: 'none', stroke: colourOf(i) });
  });
  const names = curves.map(({ policy }, i) => {
    return label(PLOT.left + i * KEY_STEP, PLOT.top - 14, policy, { fill: colourOf(i) });
  });
  const title = 'All debt over time, smallest unit';
  const body = [...grid, ...lines, ...names].join('');
  return picture(PLOT.left + PLOT.width + 30, PLOT.top + PLOT.height + 40, title, body);
}

const colourOf = (curve: number) => COLOURS[curve % COLOURS.length]!;
