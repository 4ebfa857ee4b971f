/** Passes of a hub over all debts of its community: begun, followed, and ended by a person. */
import { GeoError } from '../../protocol/errors.ts';
import { formatAmount } from '../../protocol/money/amount.ts';
import type { PassProgress } from '../clearing/pass-progress.ts';
import { equivalentIn } from './asking.ts';
import type { ClearingOperations } from './contract.ts';
import { noHub } from './hub.ts';
import type { Rooms } from './rooms.ts';
import type * as shapes from './shapes.ts';
import { isoTime } from './views.ts';

type PassOperations = Pick<ClearingOperations, 'clearingPasses' | 'beginPass' | 'cancelPass'>;

export function passOperations(rooms: Rooms): PassOperations {
  const { clearing, community, hall } = rooms;
  const passes = () => {
    if (!community.settings.enabled) throw noHub();
    return clearing.passes;
  };
  const view = (progress: PassProgress): shapes.ClearingPass => {
    const { equivalent, plan, phase: state, began, tried, committed, cleared } = progress;
    const { precision } = hall.state.equivalents.get(equivalent)!;
    const text = (units: bigint | undefined) =>
      units === undefined ? null : formatAmount(units, precision);
    return {
      equivalent,
      state,
      began: isoTime(began),
      debts: plan?.debts ?? null,
      total: text(plan?.total),
      optimum: text(plan?.optimum),
      planned: text(plan?.planned),
      cycles: plan?.cycles ?? null,
      tried,
      committed,
      cleared: formatAmount(cleared, precision),
    };
  };
  return {
    clearingPasses: () => clearing.passes.latest().map(view),
    beginPass: async ({ equivalent }) => {
      const { running } = passes();
      if (running !== undefined) throw passUnderWay(running.equivalent);
      const { code } = equivalentIn(rooms, equivalent);
      const begun = passes().begin(code);
      if (begun === undefined) throw nothingKnown(code);
      return view(begun);
    },
    cancelPass: async () => {
      const { running } = passes();
      if (running === undefined) {
        throw new GeoError('E008', 'No pass is under way: there is nothing to end.', {
          fault: 'no_pass',
        });
      }
      clearing.passes.cancel();
      return view(running);
    },
  };
}

function nothingKnown(equivalent: string): GeoError {
  const text = `This hub knows of no trust lines in ${equivalent} yet, so there is nothing to clear.`;
  return new GeoError('E008', text, { fault: 'nothing_known', equivalent });
}

function passUnderWay(equivalent: string): GeoError {
  const text = `A pass over the debts in ${equivalent} is under way. Wait for its end, or end it: geo clear cancel.`;
  return new GeoError('E008', text, { fault: 'pass_under_way', equivalent });
}
