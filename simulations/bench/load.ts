/** Constant load: so many things under way at once, for so long. */

export interface Load {
  readonly inFlight: number;
  readonly seconds: number;
}

/** Load of which there is only so much. */
export interface BoundedLoad extends Load {
  readonly until?: () => boolean;
}

export interface LoadResult {
  readonly done: number;
  /** From the first begun to the last ended. */
  readonly seconds: number;
  /** One for each that succeeded, ms. */
  readonly latenciesMs: Float64Array;
  /** Why the others failed, and how many did. */
  readonly failures: Readonly<Record<string, number>>;
}

/** @param once does one; its text is why it failed, nothing if it succeeded */
export async function keepInFlight(
  { inFlight, seconds, until = () => false }: BoundedLoad,
  once: () => Promise<string | undefined>,
): Promise<LoadResult> {
  const latencies: number[] = [];
  const failures: Record<string, number> = {};
  const begin = performance.now();
  const end = begin + seconds * 1000;
  const repeat = async () => {
    while (performance.now() < end && !until()) {
      const start = performance.now();
      const failure = await once();
      if (failure === undefined) latencies.push(performance.now() - start);
      else failures[failure] = (failures[failure] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, repeat));
  return {
    done: latencies.length,
    seconds: (performance.now() - begin) / 1000,
    latenciesMs: Float64Array.from(latencies),
    failures,
  };
}

/** Several windows of the same load as one. */
export function joined(results: readonly LoadResult[]): LoadResult {
  const failures: Record<string, number> = {};
  for (const [why, count] of results.flatMap((each) => Object.entries(each.failures))) {
    failures[why] = (failures[why] ?? 0) + count;
  }
  return {
    done: results.reduce((sum, each) => sum + each.done, 0),
    seconds: results.reduce((sum, each) => sum + each.seconds, 0),
    latenciesMs: Float64Array.from(results.flatMap((each) => [...each.latenciesMs])),
    failures,
  };
}

/** The value below which the given share (0 to 1) of all lie; 0 if there is none. */
export function percentile(values: Float64Array, share: number): number {
  return values.toSorted()[Math.floor((values.length - 1) * share)] ?? 0;
}
