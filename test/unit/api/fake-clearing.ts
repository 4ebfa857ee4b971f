/** What the fake node says about clearings. */
import type * as shapes from '../../../node/service/shapes.ts';
import { ANNA, BOB, TIME, TX } from './fake-service.ts';

export const CAROL = '6SDtvQr4hVbAS6bVLUeKVRDbc8fBPFmrH9gqWyAT9e3w';

/** A function, since the fake node's own names are made after this. */
export function fakeClearing(): shapes.Clearing {
  return {
    tx_id: TX,
    state: 'COMMITTED',
    role: 'coordinator',
    coordinator: ANNA,
    cycle: [ANNA, BOB, CAROL],
    shortens: false,
    equivalent: 'UAH',
    amount: '12.50',
    cleared: '12.50',
    waits_for: [],
    waits_for_me: false,
    reason: null,
    attempts: 1,
    created: TIME,
    expires: TIME,
    finished: TIME,
    ms: 12,
  };
}

export const FOUND_CYCLE: shapes.FoundCycle = {
  cycle: ['3yMApqCuCjXDWPrbjfR5mjCPTHqFG8Pux1TxQrEM35jj', CAROL, CAROL],
  shortens: false,
  equivalent: 'UAH',
  amount: '12.50',
  clearing: null,
};

export const CLEARING_STATS: shapes.ClearingStats = {
  equivalent: 'UAH',
  cycles: 2,
  removed: '77.50',
  mine: '22.50',
  lengths: [
    { length: 3, cycles: 1, removed: '37.50' },
    { length: 4, cycles: 1, removed: '40.00' },
  ],
  shortened: { chains: 1, removed: '12.00' },
};

export const CLEARING_PASS: shapes.ClearingPass = {
  equivalent: 'UAH',
  state: 'DONE',
  began: '2026-03-01T12:00:00.000Z',
  debts: 12,
  total: '340.00',
  optimum: '90.00',
  planned: '87.50',
  cycles: 2,
  tried: 2,
  committed: 1,
  cleared: '37.50',
};

export const CLEARING_TOTALS: shapes.ClearingTotals = {
  equivalent: 'UAH',
  cycles: 3,
  removed: '107.50',
  lengths: [{ length: 3, cycles: 3, removed: '107.50' }],
  shortened: { chains: 0, removed: '0.00' },
  debt: '340.00',
  clearable: '3.40',
  clearable_share: 0.01,
  mine: CLEARING_STATS,
  since: '2026-03-01T12:00:00.000Z',
  average_debt: '320.00',
  average_without_clearing: '410.00',
};
