/** Where a process spent its time: a CPU profile summed by function. */

import type { Profiler } from 'node:inspector';
import { fileURLToPath } from 'node:url';

export interface ProfileRow {
  /** `function file:line`, or what V8 calls it: `(garbage collector)`. */
  readonly place: string;
  /** Time in the function itself, as a share of the time that was not idle. */
  readonly self: number;
  /** Time in it and in what it called. */
  readonly total: number;
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** Waiting, and the profiler's own work. */
const IDLE = /^\((idle|program|root)\)|node:inspector/;

/** The functions with the largest self time, and after them nothing below `shareMin`. */
export function summarise(profile: Profiler.Profile, shareMin: number): ProfileRow[] {
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  const parents = new Map<number, number>();
  for (const node of profile.nodes) {
    for (const child of node.children ?? []) parents.set(child, node.id);
  }
  const self = new Map<string, number>();
  const total = new Map<string, number>();
  let busy = 0;
  const { samples = [], timeDeltas = [] } = profile;
  for (const [i, sample] of samples.entries()) {
    const us = timeDeltas[i] ?? 0;
    const place = placeOf(nodes.get(sample)!);
    if (IDLE.test(place)) continue;
    busy += us;
    self.set(place, (self.get(place) ?? 0) + us);
    const seen = new Set<string>();
    for (let at: number | undefined = sample; at !== undefined; at = parents.get(at)) {
      const above = placeOf(nodes.get(at)!);
      // A function that calls itself counts once.
      if (seen.has(above)) continue;
      seen.add(above);
      total.set(above, (total.get(above) ?? 0) + us);
    }
  }
  return [...self]
    .map(([place, us]) => ({ place, self: us / busy, total: total.get(place)! / busy }))
    .filter((row) => row.self >= shareMin)
    .sort((a, b) => b.self - a.self);
}

/** `self %  total %  place`, one function a line. */
export function profileText(rows: readonly ProfileRow[]): string {
  const percent = (share: number) => (100 * share).toFixed(1).padStart(6);
  const lines = rows.map(
    ({ place, self, total }) => `${percent(self)} ${percent(total)}  ${place}`,
  );
  return `${['  self  total  share of the busy time, %', ...lines].join('\n')}\n`;
}

function placeOf({ callFrame }: Profiler.ProfileNode): string {
  const { functionName, url, lineNumber } = callFrame;
  const file = url
    .replace('file://', '')
    .replace(ROOT, '')
    .replace(/^.*node_modules\//, '');
  const name = functionName === '' ? '(anonymous)' : functionName;
  return file === '' ? name : `${name} ${file}:${lineNumber + 1}`;
}
