/** What members' nodes report to a hub, where it does not fit together. */
import type { HubDisagreement, HubEvidence } from '../../node/service/shapes.ts';
import { parsePid } from '../../protocol/identity/pid.ts';
import { parseEquivalentCode } from '../../protocol/money/equivalent.ts';
import { command, flag, value } from '../command.ts';
import { writeNewFile } from '../files.ts';
import { nameOr } from '../names.ts';
import { type Column, facts, tableOr } from '../page.ts';
import { anyText } from '../read.ts';
import { GROUP, shortTime } from './hub-members.ts';

type Told = HubDisagreement['own'];

const COLUMNS: readonly Column<HubDisagreement>[] = [
  { title: 'EQUIVALENT', cell: ({ equivalent }) => equivalent },
  { title: 'LOW', cell: ({ low }) => low, flexible: true },
  { title: 'HIGH', cell: ({ high }) => high, flexible: true },
  { title: 'LOW SAYS', cell: ({ by_low }) => toldText(by_low), right: true },
  { title: 'HIGH SAYS', cell: ({ by_high }) => toldText(by_high), right: true },
  { title: 'HUB', cell: ({ own }) => toldText(own), right: true },
  { title: 'SINCE', cell: ({ since }) => shortTime(since) },
  {
    title: 'ENDED',
    cell: ({ ended }) => (ended === null ? 'stands' : shortTime(ended)),
    format: ({ ended }) => (ended === null ? 'yellow' : 'dim'),
  },
];

/** What HIGH owes LOW, and what each of the two hops still carries. */
function toldText(told: Told): string {
  return told === null ? '' : `${told.balance} (${told.up} | ${told.down})`;
}

async function pairOf({ equivalent, low, high, low_report, high_report }: HubEvidence) {
  const { encodeReportPair } = await import('../../protocol/report-pair.ts');
  const bytes = (hex: string | null) => (hex === null ? undefined : Buffer.from(hex, 'hex'));
  const [byLow, byHigh] = [bytes(low_report), bytes(high_report)];
  return encodeReportPair({
    low: parsePid(low),
    high: parsePid(high),
    equivalent: parseEquivalentCode(equivalent),
    ...(byLow && { low_report: byLow }),
    ...(byHigh && { high_report: byHigh }),
  });
}

export const reportCommands = [
  command({
    words: 'hub disagreements',
    group: GROUP,
    summary: 'List edges whose two ends report different things',
    details:
      'One of the two is late, or lies: the hub cannot see which, leads no more over such an edge than the smaller of both allows, and keeps both signed reports. Shown is what HIGH owes LOW, and what can still be added to it, or the other way.',
    examples: ['geo hub disagreements', 'geo hub disagreements --standing'],
    options: { standing: flag('--standing', 'only those that have not ended') },
    run: async ({ client }, _given, { standing }) => {
      const rows = await (await client()).hubDisagreements(standing ? { standing } : {});
      return {
        json: rows,
        text: (page) => tableOr(page, 'All reports fit together.', COLUMNS, rows),
      };
    },
  }),
  command({
    words: 'hub disagreements show',
    group: GROUP,
    summary: 'Show both signed reports of one such edge',
    details:
      'With --file both are saved as their signers made them: whoever has the file can check it with `geo verify`, without a node and without a network.',
    examples: ['geo hub disagreements show UAH 3yMApqCu… 8opHzTAn… --file reports.geo'],
    arguments: { EQ: 'code of the equivalent', LOW: 'PID', HIGH: 'PID' },
    options: {
      file: value('--file <FILE>', 'save the reports; never over another file', anyText),
    },
    run: async ({ client }, { EQ, LOW, HIGH }, { file }) => {
      const ends = { low: parsePid(LOW), high: parsePid(HIGH) };
      const found = await (await client()).hubEvidence({ equivalent: EQ, ...ends });
      const { low_report, high_report, own } = found;
      if (file !== undefined) await writeNewFile(file, await pairOf(found));
      const report = (hex: string | null) =>
        hex === null ? 'not there' : `${hex.length / 2} bytes, signed`;
      return {
        json: found,
        text: (page) =>
          facts(page, [
            ['equivalent', found.equivalent],
            ['low', nameOr(null, found.low)],
            ['high', nameOr(null, found.high)],
            ['since', found.since],
            ['ended', found.ended ?? 'not yet'],
            ['low says', toldText(found.by_low) || 'nothing'],
            ['high says', toldText(found.by_high) || 'nothing'],
            ...(own === null ? [] : ([["the hub's book", toldText(own)]] as const)),
            ['report of low', report(low_report)],
            ['report of high', report(high_report)],
          ]),
      };
    },
  }),
];
