/** Edges of a community whose ends report different things, as an operator sees them. */
import { bytesToHex } from '@noble/hashes/utils.js';
import { invalid } from '../../protocol/errors.ts';
import { formatAmount } from '../../protocol/money/amount.ts';
import type { Disagreements } from '../hub/disagreements.ts';
import type { DisagreementRecord } from '../store/hub-records.ts';
import type * as shapes from './shapes.ts';
import { isoTime } from './views.ts';

/** Those that stand, and then the ended ones; in each the newest first. */
export function disagreementViews(
  disagreements: Disagreements,
  standing: boolean | undefined,
): shapes.HubDisagreement[] {
  const all = [...disagreements.all()];
  const now = all.filter(({ ended }) => ended === undefined).sort((a, b) => b.since - a.since);
  const over = all.filter(({ ended }) => ended !== undefined).sort((a, b) => b.ended! - a.ended!);
  return [...now, ...(standing ? [] : over)].map(viewOf);
}

/** @throws GeoError E009 `no_disagreement` */
export function evidenceView(
  disagreements: Disagreements,
  { equivalent, low, high }: shapes.EvidenceQuery,
): shapes.HubEvidence {
  const record = [...disagreements.all()].find(
    (each) => each.equivalent === equivalent && each.low === low && each.high === high,
  );
  if (record === undefined) {
    throw invalid(
      'no_disagreement',
      'No different reports of that edge are kept; geo hub disagreements lists those that are.',
    );
  }
  const reports = disagreements.reportsOf(record);
  return {
    ...viewOf(record),
    low_report: reports.low === undefined ? null : bytesToHex(reports.low),
    high_report: reports.high === undefined ? null : bytesToHex(reports.high),
  };
}

function viewOf(record: DisagreementRecord): shapes.HubDisagreement {
  const { equivalent, low, high, since, ended, precision } = record;
  const text = (units: bigint) => formatAmount(units, precision);
  const told = (side: DisagreementRecord['own']) =>
    side === undefined
      ? null
      : { balance: text(side.balance), up: text(side.up), down: text(side.down) };
  return {
    equivalent,
    low,
    high,
    since: isoTime(since),
    ended: ended === undefined ? null : isoTime(ended),
    by_low: told(record.by_low),
    by_high: told(record.by_high),
    own: told(record.own),
  };
}
