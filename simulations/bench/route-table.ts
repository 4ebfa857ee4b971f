/** The figures of `bench route` for a person. */
import { type Page, table } from '../../cli/page.ts';
import type { BoundReport, RouteReport } from './route-tally.ts';

export function routeText(page: Page, report: RouteReport): string {
  const rows: (readonly [string, string])[] = [
    ['participants, pairs with lines', `${report.participants}, ${report.pairs_with_lines}`],
    ['index built in, memory', `${report.build_ms} ms, ${report.memory_mb} MB`],
    ['bounds', `${report.max_hops} hops, ${report.max_paths} paths`],
    ['payments asked, routed whole', `${report.queries}, ${report.succeeded}`],
    ['volume asked, routed', `${report.volume_asked}, ${report.volume_routed}`],
    ['time of a question, p50, p99', `${report.p50_us} µs, ${report.p99_us} µs`],
    ['paths of a payment: payments', counts(report.paths_used)],
    ['hops of a path: paths', counts(report.hops_used)],
    ['refused', counts(report.refused)],
  ];
  if (report.ceiling !== undefined) {
    const { within_hops, within_bounds } = report.ceiling;
    for (const [what, bound] of [
      ['maximum flow', report.ceiling],
      ['bound of the hops', within_hops],
      ['bound of hops and paths', within_bounds],
    ] as const) {
      rows.push(
        [`${what}: payments, volume`, `${bound.succeeded}, ${bound.volume}`],
        ['reached of it', reached(bound)],
      );
    }
  }
  const columns = [
    { title: 'routes', cell: (row: readonly [string, string]) => row[0] },
    { title: '', cell: (row: readonly [string, string]) => row[1] },
  ];
  return `${table(page, columns, rows)}\n`;
}

function counts(of: Readonly<Record<string, number>>): string {
  const parts = Object.entries(of).map(([what, count]) => `${what}: ${count}`);
  return parts.length === 0 ? 'none' : parts.join(', ');
}

function reached({ ratio_succeeded, ratio_volume }: BoundReport): string {
  return `${percent(ratio_succeeded)} by count, ${percent(ratio_volume)} by volume`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(2)} %`;
}
