/** The traps of the commit rules: each of them, fallen into, splits or blocks the books (docs/PROTOCOL.md, "Commit rules"). */
import { describe, expect, it } from 'vitest';
import { coordinatorHolds, stepCoordinator } from '../../protocol/machines/coordinator.ts';
import { NO_EVIDENCE } from '../../protocol/machines/evidence.ts';
import { refuseQuery, stepVoter, voterHolds, voterStance } from '../../protocol/machines/voter.ts';
import {
  A,
  C,
  CERTIFICATE,
  coordinator,
  ME,
  met,
  NO,
  OTHER,
  refusedCoordinator,
  SET,
  SIZE,
  said,
  timer,
  together,
  voter,
  words,
} from './commit-language.ts';

describe('traps', () => {
  it('1: the certificate alone is no outcome after having withdrawn', () => {
    const { state, actions } = stepVoter(voter('WITHDRAWN'), met(CERTIFICATE));
    expect([state.phase, voterHolds(state), words(actions)]).toEqual(['WITHDRAWN', true, []]);
    const aborted = stepVoter(voter('ABORTED'), met(CERTIFICATE));
    expect(aborted.state.phase).toBe('ABORTED');
  });

  it('2: c’s own applied is never first-hand evidence', () => {
    const ofC = together(CERTIFICATE, said({ firstHand: [C] }));
    expect(stepVoter(voter('WITHDRAWN'), met(ofC)).state.phase).toBe('WITHDRAWN');
    expect(stepVoter(voter('ABORTED'), met(ofC)).state.phase).toBe('ABORTED');
    expect(stepCoordinator(coordinator('DECIDED'), met(ofC)).state.phase).toBe('DECIDED');
  });

  it('2: nor is one’s own, nor one that rests on another’s', () => {
    const own = together(CERTIFICATE, said({ firstHand: [ME] }));
    expect(stepVoter(voter('WITHDRAWN'), met(own)).state.phase).toBe('WITHDRAWN');
    const resting = together(CERTIFICATE, said({ applied: [OTHER] }));
    expect(stepVoter(voter('WITHDRAWN'), met(resting)).state.phase).toBe('WITHDRAWN');
  });

  it('2: c is not final at its own YES', () => {
    const { state, actions } = stepCoordinator(
      coordinator('COLLECT'),
      met(said({ yes: [ME, OTHER] })),
    );
    expect([state.phase, coordinatorHolds(state)]).toEqual(['DECIDED', true]);
    expect(words(actions)).not.toContain('apply');
  });

  it('3: an aborted voter that never said YES does not apply an old COMMIT', () => {
    const { state } = refuseQuery(ME, SIZE, OTHER);
    const { state: late } = stepVoter(state, met(together(said({ yes: [OTHER, C] }), A)));
    expect([late.phase, late.evidence.no]).toEqual(['ABORTED', 1n]);
  });

  it('4: “in progress” and “never heard of it” are answered differently', () => {
    const inProgress = stepVoter(voter('DOUBT'), met(NO_EVIDENCE, OTHER)).state;
    const never = refuseQuery(ME, SIZE, OTHER).state;
    expect([voterStance(inProgress), inProgress.evidence.no]).toEqual(['doubt', 0n]);
    expect([voterStance(never), never.evidence.no]).toEqual(['aborted', 1n]);
  });

  it('5: no timeout releases a hold after YES', () => {
    let state = voter('DOUBT');
    for (let i = 0; i < 20; i++) {
      const next = stepVoter(state, timer);
      expect(words(next.actions)).not.toContain('release');
      state = next.state;
    }
    expect(voterHolds(state)).toBe(true);
    let decided = coordinator('DECIDED');
    for (let i = 0; i < 20; i++) {
      const next = stepCoordinator(decided, timer);
      expect(words(next.actions)).not.toContain('release');
      decided = next.state;
    }
    expect(coordinatorHolds(decided)).toBe(true);
  });

  it('6: a COMMIT is answered in ABORTED, so that c learns the set of WITHDRAWs', () => {
    const { actions, state } = stepVoter(voter('ABORTED'), met(CERTIFICATE, C));
    expect(words(actions)).toEqual(['send answer to 2']);
    expect(state.evidence.withdrawn & 1n).toBe(1n);
  });

  it('7: c’s certificate is whole in the state that holds its own YES', () => {
    const { state } = stepCoordinator(coordinator('COLLECT'), met(said({ yes: [ME, OTHER] })));
    expect(state.evidence.yes).toBe(CERTIFICATE.yes);
  });

  it('8: applied without the certificate decides nothing', () => {
    expect(stepVoter(voter('DOUBT'), met(A)).state.phase).toBe('DOUBT');
    expect(stepVoter(voter('WITHDRAWN'), met(A)).state.phase).toBe('WITHDRAWN');
    expect(stepVoter(voter('ABORTED'), met(A)).state.phase).toBe('ABORTED');
    expect(stepCoordinator(refusedCoordinator(), met(A)).state.phase).toBe('ABORTED');
  });
});

describe('a commit is never undone', () => {
  it.each([
    ['NO', NO],
    ['the full set of WITHDRAWs', SET],
    ['both', together(NO, SET)],
  ])('by %s', (_, evidence) => {
    expect(stepVoter(voter('COMMITTED'), met(evidence)).state.phase).toBe('COMMITTED');
    expect(stepCoordinator(coordinator('COMMITTED'), met(evidence)).state.phase).toBe('COMMITTED');
  });

  it('and is applied once, however often it is proved', () => {
    const all = together(CERTIFICATE, A, said({ applied: [C] }));
    const first = stepVoter(voter('DOUBT'), met(all));
    expect(words(first.actions).filter((word) => word === 'apply')).toHaveLength(1);
    expect(words(stepVoter(first.state, met(all, OTHER)).actions)).toEqual(['send answer to 1']);
    const c = stepCoordinator(coordinator('DECIDED'), met(all));
    expect(words(stepCoordinator(c.state, met(all)).actions)).not.toContain('apply');
  });
});
