/** The table of the coordinator, row by row, against the machine that the node runs (docs/PROTOCOL.md, "Commit rules"). Voters are 0 and 1, the coordinator is 2. */
import { describe, expect, it } from 'vitest';
import {
  type CoordinatorEvent,
  type CoordinatorState,
  coordinatorHolds,
  coordinatorSettled,
  coordinatorStance,
  recoverCoordinator,
  refuseUnknown,
  restoreCoordinator,
  startCoordinator,
  stepCoordinator,
} from '../../protocol/machines/coordinator.ts';
import { NO_EVIDENCE } from '../../protocol/machines/evidence.ts';
import {
  A,
  C,
  CERTIFICATE,
  coordinator,
  ME,
  met,
  NO,
  OTHER,
  type Row,
  refusedCoordinator,
  SET,
  SIZE,
  said,
  timer,
  together,
  words,
} from './commit-language.ts';

describe('coordinator without a record', () => {
  it('start: hold, send PREPARE → COLLECT', () => {
    const { state, actions } = startCoordinator(SIZE);
    expect(state.phase).toBe('COLLECT');
    expect(words(actions)).toEqual(['hold', 'send prepare to 0,1']);
  });

  it('start with nobody else to ask: the whole decision in one step', () => {
    const { state, actions } = startCoordinator(1);
    expect(state.phase).toBe('COMMITTED');
    expect(words(actions)).toEqual(['hold', 'sign yes', 'apply', 'release']);
    expect(coordinatorSettled(state)).toBe(true);
  });

  it('STATUS_QUERY: sign NO → ABORTED', () => {
    const { state, actions } = refuseUnknown(SIZE, OTHER);
    expect(state).toMatchObject({ phase: 'ABORTED', evidence: said({ no: [C] }) });
    expect(words(actions)).toEqual(['sign no', 'send answer to 1']);
  });
});

describe('coordinator whose record was lost with its disk', () => {
  it('its YES is shown, which only a whole certificate can have: hold, decided again', () => {
    const { state, actions } = restoreCoordinator(SIZE, CERTIFICATE);
    expect([state.phase, coordinatorHolds(state), words(actions)]).toEqual([
      'DECIDED',
      true,
      ['hold'],
    ]);
  });

  it('certificate and A are shown: apply, sign applied', () => {
    const { state, actions } = recoverCoordinator(SIZE, together(CERTIFICATE, A));
    expect([state.phase, words(actions)]).toEqual(['COMMITTED', ['apply', 'sign applied']]);
    const signed = together(CERTIFICATE, A, said({ applied: [C] }));
    expect(words(recoverCoordinator(SIZE, signed).actions)).toEqual(['apply']);
  });
});

describe('coordinator', () => {
  const allYes = said({ yes: [ME, OTHER] });
  const refusal = (to: string) => ['sign no', 'release', `send abort to ${to}`];
  const query = { type: 'status-query', evidence: NO_EVIDENCE, from: OTHER } as const;
  const revivable = coordinator('ABORTED');
  const open = coordinator('COMMITTED', NO_EVIDENCE, { answered: 2n });

  const rows: readonly Row<CoordinatorState, CoordinatorEvent>[] = [
    {
      row: 'COLLECT, not yet all YES: wait',
      from: coordinator('COLLECT'),
      event: met(said({ yes: [ME] })),
      next: 'COLLECT',
      does: [],
    },
    {
      row: 'COLLECT, all YES: store certificate and own YES, keep holds, send COMMIT',
      from: coordinator('COLLECT', said({ yes: [ME] })),
      event: met(said({ yes: [OTHER] })),
      next: 'DECIDED',
      does: ['sign yes', 'send commit to 0,1'],
    },
    {
      row: 'COLLECT, NO: sign NO, release',
      from: coordinator('COLLECT'),
      event: met(NO),
      next: 'ABORTED',
      does: refusal('0'),
    },
    {
      row: 'COLLECT, WITHDRAW: sign NO, release',
      from: coordinator('COLLECT', allYes),
      event: met(said({ withdrawn: [ME] })),
      next: 'ABORTED',
      does: refusal('0,1'),
    },
    {
      row: 'COLLECT, all YES and a WITHDRAW at once: NO (R7)',
      from: coordinator('COLLECT'),
      event: met(together(allYes, said({ withdrawn: [ME] }))),
      next: 'ABORTED',
      does: refusal('0,1'),
    },
    {
      row: 'COLLECT, STATUS_QUERY: sign NO, release, answer',
      from: coordinator('COLLECT'),
      event: query,
      next: 'ABORTED',
      does: [...refusal('0,1'), 'send answer to 1'],
    },
    {
      row: 'COLLECT, STATUS_QUERY that brings the last YES along: NO all the same (R7)',
      from: coordinator('COLLECT', said({ yes: [ME] })),
      event: { ...query, evidence: said({ yes: [OTHER] }) },
      next: 'ABORTED',
      does: [...refusal('0,1'), 'send answer to 1'],
    },
    {
      row: 'COLLECT, STATUS_QUERY that brings the last vote along: NO all the same (R7)',
      from: coordinator('COLLECT', said({ yes: [ME] })),
      event: { type: 'status-query', evidence: said({ yes: [OTHER] }), from: OTHER },
      next: 'ABORTED',
      does: [...refusal('0,1'), 'send answer to 1'],
    },
    {
      row: 'COLLECT, timer: sign NO, release',
      from: coordinator('COLLECT', said({ yes: [ME] })),
      event: timer,
      next: 'ABORTED',
      does: refusal('0,1'),
    },
    {
      row: 'DECIDED, restart or timer: send COMMIT',
      from: coordinator('DECIDED'),
      event: timer,
      next: 'DECIDED',
      does: ['send commit to 0,1'],
    },
    {
      row: 'DECIDED, A: apply, release; tell those who have not answered when their time comes',
      from: coordinator('DECIDED'),
      event: met(A),
      next: 'COMMITTED',
      does: ['apply', 'release', 'sign applied'],
    },
    {
      row: 'DECIDED, the last A: relay all acknowledgements at once',
      from: coordinator('DECIDED'),
      event: met(said({ firstHand: [ME, OTHER] })),
      next: 'COMMITTED',
      does: ['apply', 'release', 'sign applied', 'send commit to 0,1'],
    },
    {
      row: 'DECIDED, set: release, tell all',
      from: coordinator('DECIDED'),
      event: met(SET),
      next: 'ABORTED',
      does: ['release', 'send abort to 0,1'],
    },
    {
      row: 'DECIDED, STATUS_QUERY: answer, stay',
      from: coordinator('DECIDED'),
      event: query,
      next: 'DECIDED',
      does: ['send answer to 1'],
    },
    {
      row: 'DECIDED, a lone WITHDRAW: wait for A or the set',
      from: coordinator('DECIDED'),
      event: met(said({ withdrawn: [ME] })),
      next: 'DECIDED',
      does: [],
    },
    {
      row: 'ABORTED after YES, certificate and A: apply, report',
      from: revivable,
      event: met(A),
      next: 'COMMITTED',
      does: ['apply', 'report revived', 'sign applied'],
    },
    {
      row: 'COMMITTED, timer, someone not answered: send the outcome to those',
      from: open,
      event: timer,
      next: 'COMMITTED',
      does: ['send commit to 0'],
    },
    {
      row: 'COMMITTED, the last applied: relay acknowledgements to all',
      from: open,
      event: met(said({ firstHand: [ME] })),
      next: 'COMMITTED',
      does: ['send commit to 0,1'],
    },
    {
      row: 'ABORTED, timer, someone not answered: ask it, with the manifest',
      from: refusedCoordinator(NO),
      event: timer,
      next: 'ABORTED',
      does: ['send query to 0'],
    },
    {
      row: 'COMMITTED, timer, all answered: nothing',
      from: { ...open, answered: 3n },
      event: timer,
      next: 'COMMITTED',
      does: [],
    },
  ];

  it.each(rows)('$row', ({ from, event, next, does }) => {
    const { state, actions } = stepCoordinator(from, event);
    expect(state.phase).toBe(next);
    expect(words(actions)).toEqual(does);
  });

  it('notes who has said that it holds an outcome', () => {
    const heard = (stance: 'committed' | 'aborted' | 'doubt') =>
      stepCoordinator(refusedCoordinator(), {
        type: 'status-reply',
        evidence: NO_EVIDENCE,
        from: ME,
        stance,
      }).state.answered & 3n;
    expect(heard('aborted')).toBe(1n);
    expect(heard('committed')).toBe(1n);
    expect(heard('doubt')).toBe(0n);
  });

  it('stops asking about a refused attempt that nobody can say YES to any more', () => {
    const { state, actions } = stepCoordinator(refusedCoordinator(), { type: 'expired' });
    expect(coordinatorSettled(state)).toBe(true);
    expect(actions).toEqual([]);
  });

  it('never stops asking about an attempt that it said YES to, however late it is', () => {
    for (const phase of ['DECIDED', 'ABORTED'] as const) {
      const { state } = stepCoordinator(coordinator(phase), { type: 'expired' });
      expect(coordinatorSettled(state)).toBe(false);
    }
  });

  it('holds until the outcome, and says where it stands', () => {
    const of = (phase: CoordinatorState['phase']) => [
      coordinatorHolds(coordinator(phase)),
      coordinatorStance(coordinator(phase)),
    ];
    expect(of('COLLECT')).toEqual([true, 'open']);
    expect(of('DECIDED')).toEqual([true, 'doubt']);
    expect(of('ABORTED')).toEqual([false, 'aborted']);
    expect(of('COMMITTED')).toEqual([false, 'committed']);
  });
});
