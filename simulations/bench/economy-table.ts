/** The figures of `bench economy` for a person. */
import { type Page, table } from '../../cli/page.ts';
import type { EconomyReport, PolicyReport } from './economy.ts';

export function economyText(page: Page, report: EconomyReport): string {
  const { participants, lines, payments, policies } = report;
  const averageOf = (name: string) => policies.find(({ policy }) => policy === name)?.average_debt;
  const columns: { title: string; cell: (of: PolicyReport) => string }[] = [
    { title: 'policy', cell: ({ policy }) => policy },
    { title: 'paid', cell: (of) => percent(of.success_rate) },
    { title: 'hops', cell: ({ hops }) => hops.toFixed(2) },
    { title: 'average debt', cell: (of) => of.average_debt },
    { title: 'to plain', cell: (of) => change(of.average_debt, averageOf('plain')) },
    { title: 'to none', cell: (of) => change(of.average_debt, averageOf('none')) },
    { title: 'least possible', cell: (of) => of.average_least_debt },
    { title: 'at the end', cell: (of) => of.debt_at_end },
    { title: 'cycles', cell: ({ cycles }) => String(cycles) },
    { title: 'chains', cell: ({ chains }) => String(chains) },
    { title: 'clearable', cell: (of) => percent(of.clearable_at_end) },
    { title: 'after passes', cell: (of) => percent(of.clearable_after_pass.average) },
    { title: 'at most', cell: (of) => percent(of.clearable_after_pass.most) },
    { title: 'trigger p99', cell: ({ trigger_us }) => `${trigger_us.p99} µs` },
  ];
  const head = `${payments} payments of ${participants} participants with ${lines} lines\n\n`;
  return `${head}${table(page, columns, policies)}\n`;
}

/** How much more or less than without clearing. */
function change(debt: string, without: string | undefined): string {
  if (without === undefined || without === '0') return '';
  const share = Number(debt) / Number(without) - 1;
  return `${share > 0 ? '+' : ''}${(share * 100).toFixed(1)} %`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(2)} %`;
}
