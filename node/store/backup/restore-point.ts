/** Which full copy and which batches of an incremental backup make the store of one moment. */
import { join } from 'node:path';
import { GeoError, invalid } from '../../../protocol/errors.ts';
import type { StoreOp } from '../../ports.ts';
import { STORE_VERSION } from '../version.ts';
import { chainOf, fullCopyOf, generationsIn, type Link } from './generation.ts';
import type { RedoRecord } from './redo-record.ts';

/** A batch by its number, or the newest one of a time (ms since 1970 UTC); undefined: the newest of all. */
export type Point = { readonly number: number } | { readonly time: number } | undefined;

export interface RestorePoint {
  /** The full copy. */
  readonly file: string;
  /** Of the last batch that is restored. */
  readonly number: number;
  /** When it was written, ms since 1970 UTC; of a copy without batches when it was begun. */
  readonly time: number;
  readonly batches: number;
  /** What the batches change, in their order. */
  changes(): AsyncGenerator<readonly StoreOp[]>;
}

/**
 * Goes through the chain up to the point, so that nothing is restored from files that are not right.
 * @param directory as it was given to `geo backup --incremental`, or one generation of it
 * @throws GeoError E009 `no_backup`, `backup_damaged`, `point_not_covered`; E008 `backup_too_new`
 */
export async function findPoint(directory: string, point: Point): Promise<RestorePoint> {
  const names = await generationsIn(directory);
  const generations = names.length === 0 ? [directory] : names.map((name) => join(directory, name));
  for (const generation of generations.reverse()) {
    const first = await firstLinkOf(generation);
    if (first === undefined || !isAfter(first, point)) continue;
    return walk(generation, first, point);
  }
  throw point === undefined || names.length === 0
    ? invalid('no_backup', `There is no incremental backup in ${directory}.`, { path: directory })
    : invalid(
        'point_not_covered',
        `The backup in ${directory} begins after this point. Name a later one.`,
        { path: directory },
      );
}

type Whole = Extract<Link, { segment: unknown }>;

async function firstLinkOf(generation: string): Promise<Whole | undefined> {
  try {
    for await (const link of chainOf(generation)) return 'segment' in link ? link : undefined;
  } catch {
    // No full copy, or one that a crash has cut short: an older generation may do.
  }
  return undefined;
}

function isAfter({ segment: { header } }: Whole, point: Point): boolean {
  if (point === undefined) return true;
  return 'number' in point ? header.base <= point.number : header.taken <= point.time;
}

async function walk(generation: string, first: Whole, point: Point): Promise<RestorePoint> {
  const { version, base, taken } = first.segment.header;
  if (version > STORE_VERSION) {
    throw new GeoError(
      'E008',
      `The backup in ${generation} was made by a newer program (version ${version}). Restore it with that program.`,
      { fault: 'backup_too_new', path: generation, version },
    );
  }
  let number = base;
  let time = taken;
  let batches = 0;
  for await (const batch of batchesUpTo(generation, point)) {
    ({ number, time } = batch);
    batches += 1;
  }
  if (point !== undefined && 'number' in point && number < point.number) {
    throw invalid(
      'point_not_covered',
      `There is no batch ${point.number} in ${generation}; the newest before it is ${number} (${new Date(time).toISOString()}).`,
      { path: generation, number },
    );
  }
  return {
    file: fullCopyOf(generation),
    number,
    time,
    batches,
    async *changes() {
      for await (const batch of batchesUpTo(generation, { number })) yield opsOf(batch);
    },
  };
}

/** @throws GeoError E009 `backup_damaged` if a file is not right before the point is reached */
async function* batchesUpTo(generation: string, point: Point): AsyncGenerator<RedoRecord> {
  let last: RedoRecord | undefined;
  for await (const link of chainOf(generation)) {
    if ('problem' in link) {
      const until =
        last === undefined
          ? 'Nothing after the full copy can be restored.'
          : `Up to batch ${last.number} (${new Date(last.time).toISOString()}) everything is right: restore it with --to ${last.number}.`;
      throw invalid(
        'backup_damaged',
        `${link.path} is damaged: ${link.problem}. ${until} Nothing was restored.`,
        { path: link.path },
      );
    }
    for (const batch of link.segment.batches) {
      if (point !== undefined && 'number' in point && batch.number > point.number) return;
      if (point !== undefined && 'time' in point && batch.time > point.time) return;
      last = batch;
      yield batch;
      if (point !== undefined && 'number' in point && batch.number === point.number) return;
    }
  }
}

function opsOf({ put, del }: RedoRecord): StoreOp[] {
  return [
    ...del.map((key) => ({ type: 'del', key }) as const),
    ...put.map(([key, value]) => ({ type: 'put', key, value }) as const),
  ];
}
