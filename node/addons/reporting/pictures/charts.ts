/** Reports as charts: how far a participant's lines are used, and how a community has grown. Pure. */
import type { CommunityReport } from '../community.ts';
import type { ParticipantReport } from '../participant.ts';
import { shortAmount, ticksTo } from './axis.ts';
import {
  BLUE,
  element,
  GREEN,
  hint,
  label,
  nothing,
  ORANGE,
  PALE,
  picture,
  shortened,
  widthOf,
} from './svg.ts';

const BAR = { left: 150, width: 460, row: 44, top: 64 };
/** More would not be told apart. */
const ROWS_MAX = 60;
const CHART_WIDTH_MIN = 780;

/** Two bars for each neighbour: what of the limit is used, in each direction. */
export function participantChart(report: ParticipantReport): string {
  const rows = report.neighbours.slice(0, ROWS_MAX);
  const most = Math.max(
    1e-9,
    ...rows.flatMap((row) => [Number(row.trust_given), Number(row.trust_received)]),
    ...rows.flatMap((row) => [Number(row.owes_me), Number(row.i_owe)]),
  );
  const bar = (y: number, limit: string, debt: string, colour: string, what: string) => {
    const width = (amount: string) => (Number(amount) / most) * BAR.width;
    const at = { x: BAR.left, y, height: 14 };
    if (Number(limit) + Number(debt) === 0) return label(BAR.left + 6, y + 12, 'no line');
    return element(
      'g',
      {},
      hint(`${what}: ${debt} of ${limit}`),
      element('rect', { ...at, width: width(limit), fill: PALE }),
      element('rect', { ...at, width: width(debt), fill: colour }),
      label(BAR.left + Math.max(width(limit), width(debt)) + 6, y + 12, `${debt} / ${limit}`),
    );
  };
  const body = rows.map((row, index) => {
    const y = BAR.top + index * BAR.row;
    const name = shortened(row.name, 18);
    return [
      label(BAR.left - 8, y + 20, name, { 'text-anchor': 'end' }),
      bar(y, row.trust_given, row.owes_me, BLUE, `${row.name} owes`),
      bar(y + 17, row.trust_received, row.i_owe, ORANGE, `owed to ${row.name}`),
    ].join('');
  });
  const legend = key(BAR.left, 46, [
    [BLUE, 'owed to me'],
    [ORANGE, 'owed by me'],
    [PALE, 'limit'],
  ]);
  const title = `${shortened(report.name, 40)}: debts and limits, ${report.equivalent}`;
  if (rows.length === 0)
    return picture(CHART_WIDTH_MIN, 80, title, nothing('There is no line yet.'));
  const left = report.neighbours.length - rows.length;
  const end = BAR.top + rows.length * BAR.row;
  const more = left > 0 ? label(BAR.left, end + 14, `${left} more neighbours are left out`) : '';
  const amounts = rows.flatMap((row) => [
    `${row.owes_me} / ${row.trust_given}`,
    `${row.i_owe} / ${row.trust_received}`,
  ]);
  const widest = Math.max(...amounts.map((text) => widthOf(text, 12)));
  const width = Math.max(CHART_WIDTH_MIN, BAR.left + BAR.width + widest + 20);
  return picture(
    Math.ceil(width),
    end + (left > 0 ? 30 : 20),
    title,
    legend + body.join('') + more,
  );
}

const PLOT = { left: 70, top: 68, width: 640, height: 260 };

/** A line with more dots would be nothing but dots. */
const DOTS_MAX = 60;
/** One for each pixel or two; the first and the last are always there. */
const POINTS_MAX = 400;

/** Debts, limits and what clearing has removed, over time. */
export function growthChart(report: CommunityReport): string {
  const { equivalent } = report;
  const title = `Growth in ${equivalent}`;
  const growth = thinned(report.growth);
  if (growth.length === 0) return picture(760, 80, title, nothing('Nothing is recorded yet.'));
  const times = growth.map(({ time }) => Date.parse(time));
  const [first = 0, last = 0] = [times[0], times.at(-1)];
  const series = [
    [BLUE, 'debts', growth.map((row) => Number(row.total_debt))],
    [ORANGE, 'limits', growth.map((row) => Number(row.total_limits))],
    [GREEN, 'removed by clearing', growth.map((row) => Number(row.removed))],
  ] as const;
  const ticks = ticksTo(Math.max(...series.flatMap(([, , values]) => values)));
  const most = ticks.at(-1)!;
  const x = (time: number) => PLOT.left + ((time - first) / Math.max(1, last - first)) * PLOT.width;
  const y = (value: number) => PLOT.top + PLOT.height * (1 - value / most);
  const lines = series.map(([colour, , values]) => {
    const points = values.map((value, index) => [x(times[index]!), y(value)] as const);
    const path = points.map(([px, py]) => `${round(px)},${round(py)}`).join(' ');
    const dotted = points.length > DOTS_MAX ? [] : points;
    const dots = dotted.map(([cx, cy]) => element('circle', { cx, cy, r: 2.5, fill: colour }));
    const line = { points: path, fill: 'none', stroke: colour, 'stroke-width': 2 };
    return element('polyline', line) + dots.join('');
  });
  const grid = ticks.map((tick) => {
    const at = y(tick);
    const line = { x1: PLOT.left, x2: PLOT.left + PLOT.width, y1: at, y2: at, stroke: PALE };
    const text = label(PLOT.left - 8, at + 4, shortAmount(tick), { 'text-anchor': 'end' });
    return element('line', line) + text;
  });
  const bottom = PLOT.top + PLOT.height + 20;
  const ends = [...new Set([growth[0]!.time, growth.at(-1)!.time])];
  const dates = ends.map((time, index) =>
    label(PLOT.left + index * PLOT.width, bottom, `${time.slice(0, 16).replace('T', ' ')} UTC`, {
      'text-anchor': index === 0 ? 'start' : 'end',
    }),
  );
  const legend = key(
    PLOT.left,
    46,
    series.map(([colour, name]) => [colour, name]),
  );
  return picture(760, bottom + 20, title, [legend, ...grid, ...lines, ...dates].join(''));
}

function key(left: number, y: number, rows: readonly (readonly [colour: string, text: string])[]) {
  return rows
    .map(([fill, text], index) => {
      const x = left + index * 150;
      return element('rect', { x, y: y - 9, width: 10, height: 10, fill }) + label(x + 16, y, text);
    })
    .join('');
}

const round = (value: number) => Math.round(value * 100) / 100;

function thinned<Row>(rows: readonly Row[]): readonly Row[] {
  if (rows.length <= POINTS_MAX) return rows;
  const step = (rows.length - 1) / (POINTS_MAX - 1);
  return Array.from({ length: POINTS_MAX }, (_, index) => rows[Math.round(index * step)]!);
}
