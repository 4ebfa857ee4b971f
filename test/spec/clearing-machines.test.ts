/** The two machines of a clearing, row by row (docs/PROTOCOL.md, "The two machines of a clearing"). */
import { describe, expect, it } from 'vitest';
import type { Pid } from '../../protocol/identity/pid.ts';
import type { Refusal } from '../../protocol/ledger/reservation.ts';
import {
  CLEARING_ATTEMPTS_MAX,
  type ClearingCoordinatorEvent,
  type ClearingCoordinatorState,
  type ClearingPhase,
  startClearing,
  stepClearingCoordinator,
} from '../../protocol/machines/clearing-coordinator.ts';
import {
  type ClearingParticipantEvent,
  type ClearingParticipantState,
  stepClearingParticipant,
  UNHEARD,
} from '../../protocol/machines/clearing-participant.ts';

const ANNA = 'anna' as Pid;
const BORIS = 'boris' as Pid;
const END = 1_000;

const no: Refusal = { code: 'E006', fault: 'consent_refused', text: 'No.' };
const less: Refusal = { code: 'E002', fault: 'debt_too_small', text: 'Less.', available: 4n };
const missing: Refusal = {
  code: 'E006',
  fault: 'consent_missing',
  text: 'Ask.',
  hop: [ANNA, BORIS],
};

function at(
  phase: ClearingPhase,
  change: Partial<ClearingCoordinatorState> = {},
): ClearingCoordinatorState {
  return { phase, waiting: [], agreed: [], cap: 10n, attempts: 1, expires: END, ...change };
}

/** What a step leads to: the next phase, who is waited for, and what is done. */
function step(state: ClearingCoordinatorState, event: ClearingCoordinatorEvent, now = 0) {
  const { state: next, actions } = stepClearingCoordinator(state, event, now);
  const done = actions.map((action) => {
    if (action.do === 'prepare') return `prepare ${action.amount}`;
    if (action.do === 'end') return `end ${action.refusal?.fault ?? 'well'}`;
    return `${action.do} ${action.participants.join()}`;
  });
  return [next.phase, next.waiting.join(), ...done];
}

const accept = (participant: Pid, amount = 10n) => ({
  type: 'accept' as const,
  participant,
  amount,
});
const reject = (participant: Pid) => ({ type: 'reject' as const, participant, refusal: no });
const aborted = (refusal: Refusal) => ({ type: 'attempt-aborted' as const, refusal });

describe('the coordinator', () => {
  it('begins at once if nobody is known to ask, and asks first if somebody is', () => {
    const alone = startClearing([], 10n, END);
    expect([alone.state.phase, alone.actions]).toEqual(['NEW', [{ do: 'prepare', amount: 10n }]]);
    const asking = startClearing([ANNA], 10n, END);
    expect(asking.state).toMatchObject({ phase: 'PROPOSED', waiting: [ANNA], attempts: 0 });
    expect(asking.actions).toEqual([{ do: 'ask', participants: [ANNA] }]);
  });

  const both = { waiting: [ANNA, BORIS] };
  const rows: readonly [
    string,
    ClearingCoordinatorState,
    ClearingCoordinatorEvent,
    number,
    string[],
  ][] = [
    [
      'PROPOSED, ACCEPT, others have not answered',
      at('PROPOSED', both),
      accept(ANNA),
      0,
      ['WAITING_CONFIRMATIONS', 'boris'],
    ],
    [
      'PROPOSED, ACCEPT, the last',
      at('PROPOSED', { waiting: [ANNA] }),
      accept(ANNA, 7n),
      0,
      ['WAITING_CONFIRMATIONS', '', 'prepare 7'],
    ],
    [
      'WAITING, ACCEPT of more than is left',
      at('WAITING_CONFIRMATIONS', { waiting: [ANNA], cap: 3n }),
      accept(ANNA),
      0,
      ['WAITING_CONFIRMATIONS', '', 'prepare 3'],
    ],
    [
      'PROPOSED, REJECT',
      at('PROPOSED', both),
      reject(ANNA),
      0,
      ['REJECTED', '', 'spare anna', 'end consent_refused'],
    ],
    [
      'WAITING, REJECT',
      at('WAITING_CONFIRMATIONS', { waiting: [BORIS] }),
      reject(BORIS),
      0,
      ['REJECTED', '', 'spare boris', 'end consent_refused'],
    ],
    [
      'REJECT of one whom only its agent has asked',
      at('PROPOSED', { waiting: [ANNA] }),
      reject(BORIS),
      0,
      ['REJECTED', '', 'spare boris', 'end consent_refused'],
    ],
    [
      'REJECT while it is voted on',
      at('WAITING_CONFIRMATIONS', { agreed: [ANNA] }),
      reject(ANNA),
      0,
      ['WAITING_CONFIRMATIONS', ''],
    ],
    [
      'ACCEPT of one that was not asked',
      at('PROPOSED', { waiting: [ANNA] }),
      accept(BORIS),
      0,
      ['PROPOSED', 'anna'],
    ],
    [
      'timer, expired',
      at('PROPOSED', both),
      { type: 'timer' },
      END,
      ['REJECTED', '', 'spare anna,boris', 'end consent_expired'],
    ],
    [
      'timer, not yet',
      at('PROPOSED', both),
      { type: 'timer' },
      END - 1,
      ['PROPOSED', 'anna,boris'],
    ],
    [
      'timer, all have answered',
      at('WAITING_CONFIRMATIONS'),
      { type: 'timer' },
      END,
      ['WAITING_CONFIRMATIONS', ''],
    ],
    ['NEW, a vote wants consent', at('NEW'), aborted(missing), 0, ['PROPOSED', 'anna', 'ask anna']],
    [
      'WAITING, a vote wants another consent',
      at('WAITING_CONFIRMATIONS', { agreed: [BORIS] }),
      aborted(missing),
      0,
      ['WAITING_CONFIRMATIONS', 'anna', 'ask anna'],
    ],
    [
      'WAITING, a vote does not count the consent',
      at('WAITING_CONFIRMATIONS', { agreed: [ANNA] }),
      aborted(missing),
      0,
      ['REJECTED', '', 'spare anna', 'end consent_missing'],
    ],
    ['NEW, less would do', at('NEW'), aborted(less), 0, ['NEW', '', 'prepare 4']],
    [
      'NEW, less would do, no attempts are left',
      at('NEW', { attempts: CLEARING_ATTEMPTS_MAX }),
      aborted(less),
      0,
      ['REJECTED', '', 'end debt_too_small'],
    ],
    [
      'NEW, nothing would do',
      at('NEW'),
      aborted({ ...less, available: 0n }),
      0,
      ['REJECTED', '', 'end debt_too_small'],
    ],
    [
      'NEW, as much would do as was tried',
      at('NEW', { cap: 4n }),
      aborted(less),
      0,
      ['REJECTED', '', 'end debt_too_small'],
    ],
    [
      'PROPOSED, restart',
      at('PROPOSED', both),
      { type: 'restart' },
      0,
      ['PROPOSED', 'anna,boris', 'ask anna,boris'],
    ],
    [
      'PROPOSED, restart too late',
      at('PROPOSED', both),
      { type: 'restart' },
      END,
      ['REJECTED', '', 'spare anna,boris', 'end consent_expired'],
    ],
    ['NEW, restart', at('NEW'), { type: 'restart' }, 0, ['REJECTED', '', 'end interrupted']],
    [
      'WAITING, restart, all have answered',
      at('WAITING_CONFIRMATIONS'),
      { type: 'restart' },
      0,
      ['REJECTED', '', 'end interrupted'],
    ],
    [
      'WAITING, committed',
      at('WAITING_CONFIRMATIONS'),
      { type: 'attempt-committed' },
      0,
      ['COMMITTED', '', 'end well'],
    ],
    [
      'REJECTED, committed after all (R8)',
      at('REJECTED'),
      { type: 'attempt-committed' },
      0,
      ['COMMITTED', '', 'end well'],
    ],
  ];
  it.each(rows)('%s', (_name, state, event, now, expected) => {
    expect(step(state, event, now)).toEqual(expected);
  });

  it.each(['COMMITTED', 'REJECTED'] as const)('%s: nothing but a commit changes it', (phase) => {
    const events = [
      accept(ANNA),
      reject(ANNA),
      aborted(less),
      { type: 'timer' },
      { type: 'restart' },
    ];
    for (const event of events as ClearingCoordinatorEvent[]) {
      expect(step(at(phase, { waiting: [ANNA] }), event, END)).toEqual([phase, 'anna']);
    }
  });

  it('never tries more than it did before', () => {
    let state = at('NEW', { attempts: 0, cap: 100n });
    for (const available of [90n, 95n, 40n, 60n]) {
      const next = stepClearingCoordinator(state, aborted({ ...less, available }), 0).state;
      expect(next.cap).toBeLessThanOrEqual(state.cap);
      state = next;
    }
  });
});

describe('a participant', () => {
  const proposed = (readiness: 'auto' | 'ask' | 'refuse') => ({
    type: 'proposed' as const,
    readiness,
  });
  const answer = (yes: boolean, last = true) => ({ type: 'answer' as const, accept: yes, last });
  const in_ = (phase: ClearingPhase, said?: 'accept' | 'reject'): ClearingParticipantState =>
    said === undefined ? { phase } : { phase, said };
  const rows: readonly [string, ClearingParticipantState, ClearingParticipantEvent, string[]][] = [
    ['no record, its line asks', UNHEARD, proposed('ask'), ['PROPOSED', 'ask']],
    [
      'no record, its line does not',
      UNHEARD,
      proposed('auto'),
      ['WAITING_CONFIRMATIONS', 'sign accept', 'send'],
    ],
    [
      'no record, too long or no debts',
      UNHEARD,
      proposed('refuse'),
      ['REJECTED', 'sign reject', 'send'],
    ],
    ['REJECTED by a vote, its line asks', in_('REJECTED'), proposed('ask'), ['PROPOSED', 'ask']],
    ['PROPOSED, proposed again', in_('PROPOSED'), proposed('ask'), ['PROPOSED']],
    [
      'WAITING, proposed again',
      in_('WAITING_CONFIRMATIONS', 'accept'),
      proposed('ask'),
      ['WAITING_CONFIRMATIONS', 'send'],
    ],
    [
      'REJECTED by itself, proposed again',
      in_('REJECTED', 'reject'),
      proposed('auto'),
      ['REJECTED', 'send'],
    ],
    [
      'PROPOSED, the person agrees',
      in_('PROPOSED'),
      answer(true),
      ['WAITING_CONFIRMATIONS', 'sign accept', 'send'],
    ],
    [
      'PROPOSED, the person does not',
      in_('PROPOSED'),
      answer(false),
      ['REJECTED', 'sign reject', 'send'],
    ],
    [
      'PROPOSED, one of several agrees',
      in_('PROPOSED'),
      answer(true, false),
      ['PROPOSED', 'sign accept', 'send'],
    ],
    [
      'PROPOSED, one has agreed, another does not',
      in_('PROPOSED', 'accept'),
      answer(false, false),
      ['REJECTED', 'sign reject', 'send'],
    ],
    [
      'PROPOSED, one has agreed, proposed again',
      in_('PROPOSED', 'accept'),
      proposed('ask'),
      ['PROPOSED', 'send'],
    ],
    [
      'PROPOSED, expires',
      in_('PROPOSED'),
      { type: 'expired' },
      ['REJECTED', 'sign reject', 'send'],
    ],
    ['WAITING, expires', in_('WAITING_CONFIRMATIONS', 'accept'), { type: 'expired' }, ['REJECTED']],
    [
      'WAITING, the person changes its mind',
      in_('WAITING_CONFIRMATIONS', 'accept'),
      answer(false),
      ['WAITING_CONFIRMATIONS'],
    ],
    ['no record, an attempt begins', UNHEARD, { type: 'prepared' }, ['NEW']],
    ['REJECTED by a vote, an attempt begins', in_('REJECTED'), { type: 'prepared' }, ['NEW']],
    [
      'REJECTED after it agreed, an attempt begins',
      in_('REJECTED', 'accept'),
      { type: 'prepared' },
      ['WAITING_CONFIRMATIONS'],
    ],
    [
      'REJECTED by itself, an attempt begins',
      in_('REJECTED', 'reject'),
      { type: 'prepared' },
      ['REJECTED'],
    ],
    [
      'PROPOSED, an attempt that wants its consent begins',
      in_('PROPOSED'),
      { type: 'prepared' },
      ['PROPOSED'],
    ],
    ['NEW, aborted', in_('NEW'), { type: 'attempt-aborted' }, ['REJECTED']],
    [
      'WAITING, aborted',
      in_('WAITING_CONFIRMATIONS', 'accept'),
      { type: 'attempt-aborted' },
      ['REJECTED'],
    ],
    ['PROPOSED, aborted', in_('PROPOSED'), { type: 'attempt-aborted' }, ['PROPOSED']],
    ['COMMITTED, a late abort', in_('COMMITTED'), { type: 'attempt-aborted' }, ['COMMITTED']],
    ['NEW, committed', in_('NEW'), { type: 'attempt-committed' }, ['COMMITTED']],
    [
      'REJECTED, committed after all (R8)',
      in_('REJECTED'),
      { type: 'attempt-committed' },
      ['COMMITTED'],
    ],
  ];
  it.each(rows)('%s', (_name, state, event, expected) => {
    const { state: next, actions } = stepClearingParticipant(state, event);
    const done = actions.map((action) =>
      action.do === 'sign' ? `sign ${action.what}` : action.do,
    );
    expect([next.phase, ...done]).toEqual(expected);
  });

  it('says one thing about a proposal, whatever comes', () => {
    const said = stepClearingParticipant(in_('PROPOSED'), answer(true)).state;
    for (const event of [proposed('refuse'), answer(false), { type: 'expired' as const }]) {
      expect(stepClearingParticipant(said, event).state.said).toBe('accept');
    }
  });
});
