/** A coordinator that has committed goes on until every voter has, whoever contradicts himself. */
import { expect, it } from 'vitest';
import {
  type CoordinatorState,
  coordinatorSettled,
  startCoordinator,
  stepCoordinator,
} from '../../../protocol/machines/coordinator.ts';
import { NO_EVIDENCE, only } from '../../../protocol/machines/evidence.ts';

/** Voters 0 and 1, and the coordinator; voter 0 signs YES and `applied`, and a NO for voter 1 alone. */
const LIAR = 0;
const MISLED = 1;

function committed(): CoordinatorState {
  let { state } = startCoordinator(3);
  const yes = only(LIAR) | only(MISLED);
  ({ state } = stepCoordinator(state, { type: 'evidence', evidence: { ...NO_EVIDENCE, yes } }));
  const evidence = { ...NO_EVIDENCE, applied: only(LIAR), firstHand: only(LIAR) };
  ({ state } = stepCoordinator(state, { type: 'evidence', evidence }));
  expect(state.phase).toBe('COMMITTED');
  return state;
}

it('a voter that says "aborted" is told of the commit', () => {
  const evidence = { ...NO_EVIDENCE, no: only(LIAR), withdrawn: only(MISLED) };
  const heard = stepCoordinator(committed(), {
    type: 'status-reply',
    stance: 'aborted',
    from: MISLED,
    evidence,
  });
  expect(coordinatorSettled(heard.state)).toBe(false);
  const { actions } = stepCoordinator(heard.state, { type: 'timer' });
  expect(actions).toEqual([{ do: 'send', message: 'commit', to: only(MISLED) }]);
});

it('its `applied`, or its word, ends that', () => {
  const state = committed();
  const applied = { ...NO_EVIDENCE, applied: only(MISLED) };
  const shown = stepCoordinator(state, { type: 'evidence', evidence: applied });
  expect(coordinatorSettled(shown.state)).toBe(true);
  const told = stepCoordinator(state, {
    type: 'status-reply',
    stance: 'committed',
    from: MISLED,
    evidence: NO_EVIDENCE,
  });
  expect(coordinatorSettled(told.state)).toBe(true);
});
