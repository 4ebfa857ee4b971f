/**
 * What happens in a simulated community with a hub: which nodes join it, what they and the hub look for
 * by themselves, whom its operator suspends. Drawn from a sequence of its own, so that it changes no other work.
 */
import type { SeededRandom } from './random.ts';
import type { CommunityStep, Timed } from './work-steps.ts';

/** A community's hub and those who have taken part in it from the beginning. */
export interface HubPlan {
  /** Number of its host. */
  readonly host: number;
  /** Hosts whose nodes join it: they report their edges, and ask it for routes. */
  readonly joined: readonly number[];
  /** How long it waits between two passes over all debts, ms; 0: none. */
  readonly passMs: number;
}

/** @param hosts all hosts; participants after them are hosted members */
export function makeHub(random: SeededRandom, hosts: number, host: number): HubPlan {
  const others = Array.from({ length: hosts }, (_, i) => i).filter((each) => each !== host);
  const joined = random.shuffled(others).slice(0, random.below(hosts));
  const passMs = random.below(2) === 0 ? 0 : 4_000 + random.below(8_000);
  return { host, joined, passMs };
}

/** Members are suspended, and most of them are taken back after a time. */
export function makeSuspensions(
  random: SeededRandom,
  members: readonly number[],
  startMs: number,
  spanMs: number,
): Timed<CommunityStep>[] {
  const steps: Timed<CommunityStep>[] = [];
  for (let count = random.below(3); count > 0 && members.length > 0; count--) {
    const member = random.pick(members);
    const at = startMs + random.below(spanMs);
    steps.push({ at, step: { do: 'status', member, act: 'suspend' } });
    if (random.below(4) === 0) continue;
    const back = at + 2_000 + random.below(spanMs / 2);
    steps.push({ at: back, step: { do: 'status', member, act: 'reinstate' } });
  }
  return steps;
}

/** Members go to a node of their own, and some come back; a few go once more. */
export function makeMoves(
  random: SeededRandom,
  hosted: readonly number[],
  startMs: number,
  spanMs: number,
): Timed<CommunityStep>[] {
  return hosted.flatMap((member) => {
    const moves = random.below(4);
    const times = Array.from({ length: moves }, () => startMs + random.below(spanMs));
    return times
      .sort((a, b) => a - b)
      .map((at, i) => {
        const to = i % 2 === 0 ? ('home' as const) : ('hub' as const);
        return { at, step: { do: 'move' as const, member, to } };
      });
  });
}
