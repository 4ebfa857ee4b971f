/** The table of the voter ≠ c, row by row, against the machine that the node runs (docs/PROTOCOL.md, "Commit rules"). Voters are 0 and 1, the coordinator is 2. */
import { describe, expect, it } from 'vitest';
import { NO_EVIDENCE } from '../../protocol/machines/evidence.ts';
import {
  acceptPrepare,
  recoverVoter,
  refusePrepare,
  refuseQuery,
  restoreVoter,
  stepVoter,
  type VoterEvent,
  type VoterState,
  voterHolds,
  voterSettled,
  voterStance,
} from '../../protocol/machines/voter.ts';
import {
  A,
  C,
  CERTIFICATE,
  ME,
  met,
  NO,
  OTHER,
  type Row,
  SET,
  SIZE,
  said,
  timer,
  together,
  voter,
  words,
} from './commit-language.ts';

describe('voter without a record', () => {
  it('PREPARE, all checks pass: hold, sign YES → DOUBT', () => {
    const { state, actions } = acceptPrepare(ME, SIZE);
    expect(state).toMatchObject({ phase: 'DOUBT', evidence: said({ yes: [ME] }) });
    expect(words(actions)).toEqual(['hold', 'sign yes', 'send vote to 2']);
  });

  it('PREPARE refused: sign NO → ABORTED', () => {
    const { state, actions } = refusePrepare(ME, SIZE);
    expect(state).toMatchObject({ phase: 'ABORTED', evidence: said({ no: [ME] }) });
    expect(words(actions)).toEqual(['sign no', 'send vote to 2']);
  });

  it('valid STATUS_QUERY or WITHDRAW_REQUEST: sign NO there and then → ABORTED', () => {
    const { state, actions } = refuseQuery(ME, SIZE, OTHER);
    expect(state).toMatchObject({ phase: 'ABORTED', evidence: said({ no: [ME] }) });
    expect(words(actions)).toEqual(['sign no', 'send answer to 1']);
  });
});

describe('voter whose record was lost with its disk', () => {
  it('its YES is shown: hold, sign nothing, wait like one that has withdrawn', () => {
    const { state, actions } = restoreVoter(ME, SIZE, said({ yes: [ME] }));
    expect([state.phase, voterHolds(state), words(actions)]).toEqual(['WITHDRAWN', true, ['hold']]);
  });

  it('certificate and A are shown: apply, sign applied carrying A', () => {
    const { state, actions } = recoverVoter(ME, SIZE, together(CERTIFICATE, A));
    expect(state).toMatchObject({ phase: 'COMMITTED' });
    expect(words(actions)).toEqual(['apply', 'sign applied']);
  });

  it('its own applied is among what is shown: apply, sign nothing again', () => {
    const shown = together(CERTIFICATE, A, said({ firstHand: [ME] }));
    expect(words(recoverVoter(ME, SIZE, shown).actions)).toEqual(['apply']);
    const restored = restoreVoter(ME, SIZE, said({ yes: [ME] })).state;
    const { state, actions } = stepVoter(
      restored,
      met(together(CERTIFICATE, said({ firstHand: [ME] }))),
    );
    expect([state.phase, words(actions)]).toEqual(['COMMITTED', ['apply', 'release']]);
  });
});

describe('voter ≠ c', () => {
  const asked = voter('DOUBT', NO_EVIDENCE, { round: 1 });
  const reply = (stance: 'doubt' | 'withdrawn', round = 1) =>
    ({ type: 'status-reply', evidence: NO_EVIDENCE, from: OTHER, round, stance }) as const;
  const heardAll = voter('DOUBT', NO_EVIDENCE, { round: 1, doubters: 2n });
  const commits = ['apply', 'release', 'sign first-hand applied', 'send applied to 2'];

  const rows: readonly Row<VoterState, VoterEvent>[] = [
    {
      row: 'DOUBT, certificate: apply, release, sign first-hand applied',
      from: voter('DOUBT'),
      event: met(CERTIFICATE),
      next: 'COMMITTED',
      does: commits,
    },
    {
      row: 'DOUBT, certificate from the coordinator’s COMMIT: the applied is the answer',
      from: voter('DOUBT'),
      event: met(CERTIFICATE, C),
      next: 'COMMITTED',
      does: commits,
    },
    {
      row: 'DOUBT, certificate shown by another voter: it is answered too',
      from: voter('DOUBT'),
      event: met(CERTIFICATE, OTHER),
      next: 'COMMITTED',
      does: [...commits, 'send answer to 1'],
    },
    {
      row: 'DOUBT, NO: sign WITHDRAW, release',
      from: voter('DOUBT'),
      event: met(NO),
      next: 'ABORTED',
      does: ['sign withdraw', 'release'],
    },
    {
      row: 'DOUBT, timer: STATUS_QUERY to all',
      from: voter('DOUBT'),
      event: timer,
      next: 'DOUBT',
      does: ['send query to 1,2'],
    },
    {
      row: 'DOUBT, timer, round not complete: STATUS_QUERY to all again',
      from: asked,
      event: timer,
      next: 'DOUBT',
      does: ['send query to 1,2'],
    },
    {
      row: 'DOUBT, timer, round complete and c silent: sign WITHDRAW, keep holds',
      from: heardAll,
      event: timer,
      next: 'WITHDRAWN',
      does: ['sign withdraw', 'send withdraw-request to 1', 'send withdraw to 2'],
    },
    {
      row: 'DOUBT, timer, round complete but c spoke: ask again',
      from: { ...heardAll, coordinatorSpoke: true },
      event: timer,
      next: 'DOUBT',
      does: ['send query to 1,2'],
    },
    {
      row: 'DOUBT, WITHDRAW_REQUEST after own time: sign WITHDRAW, keep holds',
      from: asked,
      event: { type: 'withdraw-request', evidence: NO_EVIDENCE, from: OTHER },
      next: 'WITHDRAWN',
      does: ['sign withdraw', 'send answer to 1'],
    },
    {
      row: 'DOUBT, WITHDRAW_REQUEST that completes the set: the attempt is over at once',
      from: asked,
      event: { type: 'withdraw-request', evidence: said({ withdrawn: [OTHER] }), from: OTHER },
      next: 'ABORTED',
      does: ['sign withdraw', 'release', 'send answer to 1'],
    },
    {
      row: 'DOUBT, WITHDRAW_REQUEST before own time: only an answer (a hasty peer must not break a payment)',
      from: voter('DOUBT'),
      event: { type: 'withdraw-request', evidence: NO_EVIDENCE, from: OTHER },
      next: 'DOUBT',
      does: ['send answer to 1'],
    },
    {
      row: 'DOUBT, WITHDRAW_REQUEST with the certificate: the certificate comes first',
      from: asked,
      event: { type: 'withdraw-request', evidence: CERTIFICATE, from: OTHER },
      next: 'COMMITTED',
      does: [...commits, 'send answer to 1'],
    },
    {
      row: 'WITHDRAWN, certificate without A: store it',
      from: voter('WITHDRAWN'),
      event: met(CERTIFICATE),
      next: 'WITHDRAWN',
      does: [],
    },
    {
      row: 'WITHDRAWN, certificate and A: apply, release, sign applied carrying A',
      from: voter('WITHDRAWN', CERTIFICATE),
      event: met(A),
      next: 'COMMITTED',
      does: ['apply', 'release', 'sign applied', 'send applied to 2'],
    },
    {
      row: 'WITHDRAWN, set: release',
      from: voter('WITHDRAWN'),
      event: met(SET),
      next: 'ABORTED',
      does: ['release'],
    },
    {
      row: 'WITHDRAWN, NO: release',
      from: voter('WITHDRAWN'),
      event: met(said({ no: [C] })),
      next: 'ABORTED',
      does: ['release'],
    },
    {
      row: 'WITHDRAWN, timer: STATUS_QUERY to all',
      from: voter('WITHDRAWN'),
      event: timer,
      next: 'WITHDRAWN',
      does: ['send query to 1,2'],
    },
    {
      row: 'ABORTED after YES, certificate and A: apply, report (R8)',
      from: voter('ABORTED'),
      event: met(together(CERTIFICATE, A)),
      next: 'COMMITTED',
      does: ['apply', 'sign applied', 'send applied to 2', 'report revived'],
    },
    {
      row: 'COMMITTED, timer, not everyone’s applied seen: offer certificate and A to those',
      from: voter('COMMITTED', A),
      event: timer,
      next: 'COMMITTED',
      does: ['send commit to 2'],
    },
    {
      row: 'COMMITTED, timer, everyone’s applied seen: nothing',
      from: voter('COMMITTED', together(A, said({ applied: [C] }))),
      event: timer,
      next: 'COMMITTED',
      does: [],
    },
    {
      row: 'ABORTED, timer: nothing; who wants to know asks',
      from: voter('ABORTED'),
      event: timer,
      next: 'ABORTED',
      does: [],
    },
    ...(['DOUBT', 'WITHDRAWN', 'ABORTED'] as const).map((phase) => ({
      row: `${phase}, STATUS_QUERY or COMMIT: answer with all evidence`,
      from: voter(phase),
      event: met(NO_EVIDENCE, OTHER),
      next: phase,
      does: ['send answer to 1'],
    })),
    {
      row: 'COMMITTED, STATUS_QUERY of a voter: answer with all evidence',
      from: voter('COMMITTED'),
      event: met(NO_EVIDENCE, OTHER),
      next: 'COMMITTED',
      does: ['send answer to 1'],
    },
    {
      row: 'COMMITTED, COMMIT of c repeated: its applied again',
      from: voter('COMMITTED'),
      event: met(CERTIFICATE, C),
      next: 'COMMITTED',
      does: ['send applied to 2'],
    },
    ...(['DOUBT', 'WITHDRAWN', 'ABORTED', 'COMMITTED'] as const).map((phase) => ({
      row: `${phase}, WITHDRAW_REQUEST: always answered`,
      from: voter(phase),
      event: { type: 'withdraw-request', evidence: NO_EVIDENCE, from: OTHER } as const,
      next: phase,
      does: ['send answer to 1'],
    })),
    {
      row: 'DOUBT, “in doubt” of the current round: counted, nothing else',
      from: asked,
      event: reply('doubt'),
      next: 'DOUBT',
      does: [],
    },
  ];

  it.each(rows)('$row', ({ from, event, next, does }) => {
    const { state, actions } = stepVoter(from, event);
    expect(state.phase).toBe(next);
    expect(words(actions)).toEqual(does);
  });

  it('counts answers of the current round of asking only', () => {
    expect(stepVoter(asked, reply('doubt')).state.doubters).toBe(2n);
    expect(stepVoter(asked, reply('withdrawn')).state.doubters).toBe(2n);
    expect(stepVoter(asked, reply('doubt', 0)).state.doubters).toBe(0n);
    const again = stepVoter(heardAll, timer).state;
    expect(again.phase).toBe('WITHDRAWN');
    expect(stepVoter(voter('DOUBT', NO_EVIDENCE, { round: 1 }), timer).state).toMatchObject({
      round: 2,
      doubters: 0n,
    });
  });

  it('hears the coordinator speak', () => {
    const spoke = { type: 'status-reply', evidence: NO_EVIDENCE, from: C, round: 1 } as const;
    expect(stepVoter(asked, { ...spoke, stance: 'open' }).state.coordinatorSpoke).toBe(true);
  });

  it('holds from YES to the outcome, and says where it stands', () => {
    const of = (phase: VoterState['phase']) => [
      voterHolds(voter(phase)),
      voterStance(voter(phase)),
    ];
    expect(of('DOUBT')).toEqual([true, 'doubt']);
    expect(of('WITHDRAWN')).toEqual([true, 'withdrawn']);
    expect(of('ABORTED')).toEqual([false, 'aborted']);
    expect(of('COMMITTED')).toEqual([false, 'committed']);
  });

  it('has nothing more to do once aborted, or once it has seen everyone’s applied', () => {
    expect(voterSettled(voter('DOUBT'))).toBe(false);
    expect(voterSettled(voter('WITHDRAWN'))).toBe(false);
    expect(voterSettled(voter('ABORTED'))).toBe(true);
    expect(voterSettled(voter('COMMITTED', A))).toBe(false);
    expect(voterSettled(voter('COMMITTED', together(A, said({ applied: [C] }))))).toBe(true);
  });
});
