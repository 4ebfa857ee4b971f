/**
 * The commit rules, exhaustively: every state that an attempt of up to four voters can reach, found
 * by the machines that the node runs; and proof that the check notices machines that break a rule.
 */
import { afterEach, describe, expect, it, vi } from 'vitest';
import type * as Coordinator from '../../protocol/machines/coordinator.ts';
import { isCertificate, merge, NO_EVIDENCE, only } from '../../protocol/machines/evidence.ts';
import type { CommitAction } from '../../protocol/machines/outcome.ts';
import type * as Voter from '../../protocol/machines/voter.ts';
import { type CheckReport, check } from '../../simulations/exhaustive/check.ts';
import { explore } from '../../simulations/exhaustive/explore.ts';
import { phaseOf } from '../../simulations/exhaustive/local.ts';

const VOTER = '../../protocol/machines/voter.ts';
const COORDINATOR = '../../protocol/machines/coordinator.ts';

function brokenRuleOf({ broken }: CheckReport): string {
  return broken === undefined ? 'none' : `${broken.rule}\n${broken.trace.join('\n')}`;
}

describe('no split, no stuck state, holds only while undecided', () => {
  it.each([
    [2, 27],
    [3, 426],
    [4, 2_032],
  ])('%i honest voters: all of %i states', (size, states) => {
    const report = check({ size, byzantine: [], everyStep: false, lostDisk: false });
    expect(brokenRuleOf(report)).toBe('none');
    expect(report.states).toBe(states);
  });

  it.each([
    [2, 323],
    [3, 8_195],
  ])(
    '%i honest voters, one of which may lose its disk at any time: all of %i states',
    (size, states) => {
      const report = check({ size, byzantine: [], everyStep: false, lostDisk: true });
      expect(brokenRuleOf(report)).toBe('none');
      expect(report.states).toBe(states);
    },
  );

  it.each([
    ['coordinator', 3, [2], 139],
    ['voter', 3, [0], 261],
    ['coordinator and a voter', 3, [0, 2], 33],
    ['coordinator', 4, [3], 894],
    ['voter', 4, [0], 2_550],
    ['coordinator and a voter', 4, [0, 3], 509],
  ])('a Byzantine %s among %i', (_, size, byzantine, states) => {
    const report = check({ size, byzantine, everyStep: false, lostDisk: false });
    expect(brokenRuleOf(report)).toBe('none');
    expect(report.states).toBe(states);
  });
});

describe('the shortcut of the check', () => {
  /** The phases that nodes can be in together; the voters in any order. */
  const pictures = (size: number, everyStep: boolean): Set<string> => {
    const { states, book } = explore({ size, byzantine: [], everyStep, lostDisk: false });
    return new Set(
      states.map((state) => {
        const phases = state.map((number) => phaseOf(book.state(number)));
        return [...phases.slice(0, -1).sort(), phases.at(-1)].join(' ');
      }),
    );
  };

  it('reaches what is reached when every statement and answer arrives singly, and no more', () => {
    expect(pictures(2, true)).toEqual(pictures(2, false));
    expect(pictures(3, true)).toEqual(pictures(3, false));
  }, 60_000);
});

describe('a machine that falls into a trap is found out', () => {
  type StepVoter = typeof Voter.stepVoter;
  type StepCoordinator = typeof Coordinator.stepCoordinator;

  afterEach(() => {
    vi.doUnmock(VOTER);
    vi.doUnmock(COORDINATOR);
    vi.resetModules();
  });

  const without = (actions: readonly CommitAction[], what: CommitAction['do']) =>
    actions.filter((action) => action.do !== what);

  const voters: readonly [string, (step: StepVoter) => StepVoter][] = [
    [
      '1: the certificate alone, after having withdrawn',
      (step) => (state, event) => {
        if (event.type !== 'evidence') return step(state, event);
        const certified = isCertificate(merge(state.evidence, event.evidence), state.size);
        return step(
          state.phase === 'WITHDRAWN' && certified ? { ...state, phase: 'DOUBT' } : state,
          event,
        );
      },
    ],
    [
      '1: the certificate alone as an outcome of one that had aborted',
      (step) => (state, event) => {
        if (state.phase !== 'ABORTED' || event.type !== 'evidence') return step(state, event);
        const seen = {
          ...event.evidence,
          firstHand: event.evidence.firstHand | (~only(state.me) & 3n),
        };
        return step(state, { ...event, evidence: seen });
      },
    ],
    [
      '5: a hold released by a timer after YES',
      (step) => (state, event) =>
        state.phase === 'DOUBT' && event.type === 'timer'
          ? { state: { ...state, phase: 'ABORTED' }, actions: [{ do: 'release' }] }
          : step(state, event),
    ],
    [
      '6: a COMMIT left unanswered in ABORTED',
      (step) => (state, event) => {
        const outcome = step(state, event);
        return state.phase === 'ABORTED'
          ? { ...outcome, actions: without(outcome.actions, 'send') }
          : outcome;
      },
    ],
    [
      'a release that never comes',
      (step) => (state, event) => {
        const outcome = step(state, event);
        return { ...outcome, actions: without(outcome.actions, 'release') };
      },
    ],
    [
      'a NO that does not end a doubt',
      (step) => (state, event) =>
        step(
          state,
          'evidence' in event ? { ...event, evidence: { ...event.evidence, no: 0n } } : event,
        ),
    ],
  ];
  it.each(voters)('voter, trap %s', async (_, mutate) => {
    vi.doMock(VOTER, async (original) => {
      const real = await original<typeof Voter>();
      return { ...real, stepVoter: mutate(real.stepVoter) };
    });
    expect(await outcome()).not.toBe('none');
  });

  const coordinators: readonly [string, (step: StepCoordinator) => StepCoordinator][] = [
    [
      '2: final at its own YES',
      (step) => (state, event) => {
        const { state: next, actions } = step(state, event);
        if (state.phase !== 'COLLECT' || next.phase !== 'DECIDED') return { state: next, actions };
        return {
          state: { ...next, phase: 'COMMITTED' },
          actions: [...actions, { do: 'apply' }, { do: 'release' }],
        };
      },
    ],
    [
      '7: the votes not stored with its own',
      (step) => (state, event) => {
        const outcome = step(state, event);
        const decides = state.phase === 'COLLECT' && outcome.state.phase === 'DECIDED';
        const evidence = { ...NO_EVIDENCE, yes: only(state.size - 1) };
        return decides ? { ...outcome, state: { ...outcome.state, evidence } } : outcome;
      },
    ],
    [
      'R7: a timeout after its YES',
      (step) => (state, event) =>
        state.phase === 'DECIDED' && event.type === 'timer'
          ? { state: { ...state, phase: 'ABORTED' }, actions: [{ do: 'release' }] }
          : step(state, event),
    ],
    [
      'outcomes kept to itself',
      (step) => (state, event) => {
        const outcome = step(state, event);
        return { ...outcome, actions: without(outcome.actions, 'send') };
      },
    ],
  ];
  it.each(coordinators)('coordinator, trap %s', async (_, mutate) => {
    vi.doMock(COORDINATOR, async (original) => {
      const real = await original<typeof Coordinator>();
      return { ...real, stepCoordinator: mutate(real.stepCoordinator) };
    });
    expect(await outcome()).not.toBe('none');
  });

  const restored: readonly [string, (real: typeof Voter) => Partial<typeof Voter>][] = [
    [
      'as if it had said nothing after its YES',
      ({ restoreVoter }) => ({
        restoreVoter: (me, size, evidence) => {
          const { state, actions } = restoreVoter(me, size, evidence);
          return { state: { ...state, phase: 'DOUBT' }, actions };
        },
      }),
    ],
    ['although the coordinator is silent', believing({ coordinatorSpoke: true })],
    ['although another voter is silent', believing({ doubters: 3n })],
    ['never, so that it waits for ever', believing({ doubters: 0n })],
  ];
  it.each(restored)('a restored voter is in DOUBT again %s', async (_, mutate) => {
    vi.doMock(VOTER, async (original) => {
      const real = await original<typeof Voter>();
      return { ...real, ...mutate(real) };
    });
    expect(await outcome(true)).not.toBe('none');
  });

  /** A restored voter that takes for heard in a round what is said here. */
  function believing(heard: Partial<Voter.VoterState>) {
    return ({ stepVoter }: typeof Voter): Partial<typeof Voter> => ({
      stepVoter: (state, event) => {
        const said = state.evidence.withdrawn | state.evidence.firstHand;
        const limbo = state.phase === 'WITHDRAWN' && (said & only(state.me)) === 0n;
        const isReply = event.type === 'status-reply';
        return stepVoter(limbo && isReply ? { ...state, ...heard } : state, event);
      },
    });
  }

  /** What the check says of the machines as they are mocked now. */
  async function outcome(lostDisk = false): Promise<string> {
    vi.resetModules();
    const fresh = await import('../../simulations/exhaustive/check.ts');
    try {
      return brokenRuleOf(fresh.check({ size: 3, byzantine: [], everyStep: false, lostDisk }));
    } catch (error) {
      // A step that no machine may take is refused at once.
      return String(error);
    }
  }
});
