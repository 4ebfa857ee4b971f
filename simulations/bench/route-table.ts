/** The figures of `bench route` for a person. */
import { type Page, table } from '../../cli/page.ts';
import type { RouteReport } from './route.ts';

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
    const { succeeded, volume, ratio_succeeded, ratio_volume } = report.ceiling;
    rows.push(
      ['maximum flow: payments, volume', `${succeeded}, ${volume}`],
      ['reached of it', `${percent(ratio_succeeded)} by count, ${percent(ratio_volume)} by volume`],
    );
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

function percent(share: number): string {
  return `${(share * 100).toFixed(2)} %`;
}
