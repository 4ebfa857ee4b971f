/**
 * An incremental backup, kept while the node runs: a full copy, then every batch, a second later at most. The
 * redo log holds what the files do not have yet, so a crash, a full disk or a directory that is away
 * for a while costs nothing (docs/decisions/0028-integrity.md).
 */
import { mkdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { GeoError } from '../../../protocol/errors.ts';
import { syncDirectory } from '../../platform/files.ts';
import type { Clock, Log } from '../../ports.ts';
import { BACKUP_PLACE, isOf, keys, numberOf } from '../keys.ts';
import { STORE_VERSION } from '../version.ts';
import { writeBackup } from './backup.ts';
import { fullCopyOf, generationName } from './generation.ts';
import type { RedoLog } from './redo-log.ts';
import { SegmentWriter } from './segment-writer.ts';

/** From one look at the redo log to the next, and to the next try after a failure, ms. */
const TAKE_MS = 1_000;
const RETRY_MS = 10_000;
/** Batches are synced together up to this, bytes. */
const TAKE_BYTES = 1024 * 1024;
/** The redo log may grow to this while the directory cannot be written; then the backup is given up, bytes. */
const WAITING_BYTES_MAX = 256 * 1024 * 1024;
/** Segments larger than so many full copies are followed by a new generation, but not below this, bytes. */
const COPIES_MAX = 2;
const NEW_COPY_BYTES_MIN = 64 * 1024 * 1024;

/** Where a backup is kept: what a person has named, and the newest generation in it. */
interface Place {
  readonly directory: string;
  readonly generation: string;
}

export interface BackupState {
  readonly directory: string;
  readonly generation: string;
  /** Of the newest batch in the files. */
  readonly number: number;
  readonly segments: number;
  /** Of the full copy and its segments. */
  readonly bytes: number;
  /** Of batches that the files do not have yet. */
  readonly waitingBytes: number;
  /** When everything was in the files last, or since when this run tries, ms since 1970 UTC. */
  readonly complete: number;
  /** Why the newest batches are not in the files; they stay in the redo log. */
  readonly problem: string | undefined;
}

interface BackupContext {
  readonly log: RedoLog;
  readonly clock: Clock;
  readonly report: Log;
  /** Writes a value under a name of `meta/`, in a turn; without a value it is taken away. */
  readonly remember: (name: string, value: Uint8Array | undefined) => Promise<void>;
  /** The backup was given up. */
  readonly alert: (text: string) => void;
}

export class IncrementalBackup {
  readonly #context: BackupContext;
  readonly #waitingBytesMax: number;
  #place: Place | undefined;
  #writer: SegmentWriter | undefined;
  #copyBytes = 0;
  #complete = 0;
  #problem: string | undefined;
  /** One thing at a time. */
  #work: Promise<unknown> = Promise.resolve();
  #cancel = () => {};
  #stopped = false;

  /** @param waitingBytesMax the redo log may grow to this before the backup is given up */
  constructor(context: BackupContext, waitingBytesMax = WAITING_BYTES_MAX) {
    this.#context = context;
    this.#waitingBytesMax = waitingBytesMax;
  }

  /** Undefined if no backup is kept. */
  get state(): BackupState | undefined {
    if (this.#place === undefined) return undefined;
    return {
      ...this.#place,
      number: this.#writer?.number ?? 0,
      segments: this.#writer?.segments ?? 0,
      bytes: this.#copyBytes + (this.#writer?.bytes ?? 0),
      waitingBytes: this.#context.log.waitingBytes,
      complete: this.#complete,
      problem: this.#problem,
    };
  }

  /** Goes on with the backup that was kept before a restart. To be called before the first write. */
  async start(): Promise<void> {
    const { log } = this.#context;
    const kept = log.get(keys.meta(BACKUP_PLACE));
    if (kept === undefined) return;
    this.#place = JSON.parse(new TextDecoder().decode(kept)) as Place;
    this.#complete = this.#context.clock.now();
    await log.begin();
    this.#again(TAKE_MS);
  }

  /**
   * Keeps a backup in a directory from now on, or brings the files of the one that is kept there up to date.
   * @param anew begins a new generation in any case
   * @throws GeoError E008 `backup_elsewhere`; E010 `backup_write_failed`
   */
  keep(directory: string, anew: boolean): Promise<BackupState> {
    return this.#next(async () => {
      if (this.#place !== undefined && this.#place.directory !== directory) {
        throw new GeoError(
          'E008',
          `A backup is kept in ${this.#place.directory} already. End it with \`geo backup --stop\` before you begin one elsewhere.`,
          { fault: 'backup_elsewhere', directory: this.#place.directory },
        );
      }
      const isNew = this.#place === undefined;
      try {
        if (isNew || anew) await this.#beginGeneration(directory);
      } catch (error) {
        if (isNew) await this.#forget();
        throw error;
      }
      await this.#take();
      this.#again(TAKE_MS);
      return this.state!;
    });
  }

  /** Keeps the backup no longer; its files stay, and can be restored from. */
  end(): Promise<void> {
    return this.#next(async () => {
      if (this.#place === undefined) return;
      await this.#take().catch(() => undefined);
      await this.#forget();
    });
  }

  /** Brings the files up to date, and closes them. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel();
    await this.#next(async () => {
      if (this.#writer !== undefined) {
        await this.#appendAll(this.#writer).catch((error: unknown) => this.#failed(error));
      }
      await this.#drop();
    });
  }

  /** After what is being done, whether that succeeds or not. */
  #next<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#work.then(work, work);
    this.#work = done.catch(() => undefined);
    return done;
  }

  #again(delayMs: number): void {
    this.#cancel();
    if (this.#stopped || this.#place === undefined) return;
    this.#cancel = this.#context.clock.after(delayMs, () => {
      const taking = this.#next(() => this.#take());
      taking.then(
        () => this.#again(TAKE_MS),
        (error: unknown) => {
          this.#failed(error);
          this.#again(RETRY_MS);
        },
      );
    });
  }

  /** Moves batches from the redo log into the files, which may have to be made first. */
  async #take(): Promise<void> {
    const { directory, generation } = this.#place!;
    if (this.#context.log.waitingBytes > this.#waitingBytesMax) return this.#giveUp();
    const path = join(directory, generation);
    if (this.#writer === undefined) {
      this.#copyBytes = await copyBytesOf(path);
      this.#writer = await SegmentWriter.resume(path, STORE_VERSION);
    }
    if (this.#writer === undefined || this.#isWorn()) await this.#beginGeneration(directory);
    await this.#appendAll(this.#writer!);
  }

  async #appendAll(writer: SegmentWriter): Promise<void> {
    const begun = this.#context.clock.now();
    await this.#append(writer);
    this.#context.log.take(writer.number);
    this.#complete = begun;
    this.#problem = undefined;
  }

  /** @param until number of the last batch that is appended */
  async #append(writer: SegmentWriter, until = Number.MAX_SAFE_INTEGER): Promise<void> {
    let batches: (readonly [number: number, record: Uint8Array])[] = [];
    let bytes = 0;
    const flush = async () => {
      await writer.append(batches);
      batches = [];
      bytes = 0;
    };
    try {
      for await (const batch of this.#context.log.after(writer.number)) {
        if (batch[0] > until) break;
        batches.push(batch);
        bytes += batch[1].length;
        if (bytes >= TAKE_BYTES) await flush();
      }
      await flush();
    } catch (error) {
      // The file may end in a part of what was appended: it is looked at again before the next try.
      await this.#drop();
      throw writeFailed(this.#place?.directory ?? '', error);
    }
  }

  #isWorn(): boolean {
    const bytes = this.#writer?.bytes ?? 0;
    return bytes > NEW_COPY_BYTES_MIN && bytes > COPIES_MAX * this.#copyBytes;
  }

  async #beginGeneration(directory: string): Promise<void> {
    const { log, clock, remember } = this.#context;
    const taken = clock.now();
    if (this.#place === undefined) this.#complete = taken;
    const place = { directory, generation: generationName(taken) };
    const path = join(directory, place.generation);
    try {
      await mkdir(path, { recursive: true, mode: 0o700 });
      await syncDirectory(directory);
    } catch (error) {
      throw writeFailed(path, error);
    }
    try {
      if (!log.isOn) await log.begin();
      let base = 0;
      const { bytes } = await writeBackup(log, fullCopyOf(path), {
        seen: (key) => {
          if (isOf('redo', key)) base = Math.max(base, numberOf(key));
        },
      });
      // The generation before goes up to where this one begins: no moment is in neither.
      if (this.#writer !== undefined) await this.#append(this.#writer, base);
      await this.#drop();
      this.#place = place;
      // Before there is a segment: a copy that no log follows is never taken for the newest state.
      await remember(BACKUP_PLACE, new TextEncoder().encode(JSON.stringify(place)));
      this.#writer = await SegmentWriter.begin(path, { version: STORE_VERSION, base, taken });
      this.#copyBytes = bytes;
    } catch (error) {
      await this.#drop();
      await rm(path, { recursive: true, force: true });
      throw error;
    }
  }

  async #drop(): Promise<void> {
    const writer = this.#writer;
    this.#writer = undefined;
    await writer?.close().catch(() => undefined);
  }

  async #forget(): Promise<void> {
    await this.#drop();
    this.#cancel();
    this.#place = undefined;
    this.#problem = undefined;
    this.#context.log.end();
    await this.#context.remember(BACKUP_PLACE, undefined);
  }

  async #giveUp(): Promise<void> {
    const { directory } = this.#place!;
    await this.#forget();
    this.#context.alert(
      `The incremental backup in ${directory} was given up: its directory could not be written for too long. Make it writable, then begin anew with geo backup --incremental.`,
    );
  }

  #failed(error: unknown): void {
    const problem = error instanceof Error ? error.message : String(error);
    // Once for each trouble, not every ten seconds.
    if (problem !== this.#problem) this.#context.report.error({ problem }, 'the backup is behind');
    this.#problem = problem;
  }
}

/**
 * The size of a full copy, bytes. A directory without it may be a disk that is not there: a new copy in its
 * place is for a person to want.
 */
async function copyBytesOf(generation: string): Promise<number> {
  try {
    return (await stat(fullCopyOf(generation))).size;
  } catch (error) {
    throw new GeoError(
      'E010',
      `The backup in ${generation} is not there. Bring its disk back; or, if it was taken away for good, begin a new copy with \`geo backup --incremental DIR --anew\`.`,
      { fault: 'backup_gone', path: generation },
      { cause: error },
    );
  }
}

function writeFailed(path: string, error: unknown): GeoError {
  if (error instanceof GeoError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new GeoError(
    'E010',
    `The backup in ${path} could not be written (${reason}). What is missing in it stays in the store, and follows when the directory can be written.`,
    { fault: 'backup_write_failed', path },
    { cause: error },
  );
}
