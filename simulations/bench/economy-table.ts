/** The figures of `bench economy` for a person. */
import { type Page, table } from '../../cli/page.ts';
import type { EconomyReport, PolicyReport } from './economy.ts';

export function economyText(page: Page, report: EconomyReport): string {
  const { participants, lines, payments, policies } = report;
  const columns: { title: string; cell: (of: PolicyReport) => string }[] = [
    { title: 'policy', cell: ({ policy }) => policy },
    { title: 'paid', cell: (of) => percent(of.success_rate) },
    { title: 'hops', cell: ({ hops }) => hops.toFixed(2) },
    { title: 'average debt', cell: (of) => of.average_debt },
    { title: 'at the end', cell: (of) => of.debt_at_end },
    { title: 'cycles', cell: ({ cycles }) => String(cycles) },
    { title: 'clearable', cell: (of) => percent(of.clearable_at_end) },
    { title: 'after passes', cell: (of) => percent(of.clearable_after_pass.average) },
    { title: 'at most', cell: (of) => percent(of.clearable_after_pass.most) },
    { title: 'trigger p99', cell: ({ trigger_us }) => `${trigger_us.p99} µs` },
  ];
  const head = `${payments} payments of ${participants} participants with ${lines} lines\n\n`;
  return `${head}${table(page, columns, policies)}\n`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(2)} %`;
}
