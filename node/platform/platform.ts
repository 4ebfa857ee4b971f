/** The real clock, entropy and log. The only room that asks the machine for time, chance or a place to talk. */
import { randomBytes } from 'node:crypto';
import { type DestinationStream, destination, type Level, pino } from 'pino';
import type { Clock, Entropy, Log } from '../ports.ts';
import { isSecretName } from '../secret-names.ts';
import { SECRET_FILE_MODE } from './files.ts';

/** Beyond this a timer may be a second late, ms. Node keeps a list for each duration, and a payment sets one. */
const EXACT_MS_MAX = 60_000;
/** setTimeout fires at once if it is asked for more than this, ms (24.8 days). */
const TIMEOUT_MS_MAX = 2 ** 31 - 1;

export const realClock: Clock = {
  now: () => Date.now(),
  after: (delayMs, task) => {
    // Measured by the monotonic clock, so that somebody setting the wall clock delays nothing.
    const due = performance.now() + delayMs;
    let timer: NodeJS.Timeout;
    const wait = () => {
      const left = due - performance.now();
      // Node's timers may fire a fraction of a millisecond early; the port promises "not before".
      if (left <= 0) task();
      else timer = setTimeout(wait, rounded(left));
    };
    timer = setTimeout(wait, rounded(Math.max(0, delayMs)));
    return () => clearTimeout(timer);
  },
  soon: (task) => {
    setImmediate(task);
  },
};

/** Up, to what Node's timers take. */
function rounded(delayMs: number): number {
  const step = delayMs > EXACT_MS_MAX ? 1_000 : 1;
  return Math.min(Math.ceil(delayMs / step) * step, TIMEOUT_MS_MAX);
}

/** Starts a stopwatch, which nobody's setting of the clock disturbs. @returns seconds since then */
export function stopwatch(): () => number {
  const begun = performance.now();
  return () => (performance.now() - begun) / 1_000;
}

export const realEntropy: Entropy = {
  bytes: (count) => new Uint8Array(randomBytes(count)),
};

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

export interface LogOptions {
  /** The least important lines that are still written. */
  readonly level: LogLevel;
  /** Lines for people instead of one JSON object per line. Default false. */
  readonly pretty?: boolean;
  /** Append to this file (made with mode 0600) instead of writing to stderr. */
  readonly file?: string | undefined;
  /** Where lines go instead of either. */
  readonly destination?: DestinationStream;
}

/**
 * A log of JSON lines `{level, time, …fields, msg}`. Fields whose names say that they hold a secret are
 * replaced by "[secret]" at any depth. A log that cannot be written is lost; it never stops the node.
 */
export function createLog(options: LogOptions): Log {
  const raw = options.destination ?? openDestination(options.file ?? STDERR);
  return pino(
    {
      level: options.level,
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }), log: loggableFields },
    },
    options.pretty ? { write: (line: string) => raw.write(readableLine(line)) } : raw,
  );
}

/** Lines that wait while the log cannot be written, bytes; more are dropped. */
const WAITING_BYTES_MAX = 1024 * 1024;
const STDERR = 2;

function openDestination(target: string | number): DestinationStream {
  const stream = destination({
    dest: target,
    // The last lines before a crash are those that matter.
    sync: true,
    maxLength: WAITING_BYTES_MAX,
    mode: SECRET_FILE_MODE,
  });
  // A full disk or a closed terminal must not take the node down with it.
  stream.on('error', () => undefined);
  return stream;
}

const SECRET = '[secret]';
const DEPTH_MAX = 8;
const BYTES_SHOWN = 32;

function loggableFields(fields: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, loggableField(name, value, 1)]),
  );
}

function loggableField(name: string, value: unknown, depth: number): unknown {
  return isSecretName(name) && value !== undefined ? SECRET : loggable(value, depth);
}

function loggable(value: unknown, depth: number): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return value;
  if (depth > DEPTH_MAX) return '[deeper]';
  if (value instanceof Uint8Array) {
    const shown = Buffer.from(value.subarray(0, BYTES_SHOWN)).toString('hex');
    return value.length > BYTES_SHOWN ? `${shown}… (${value.length} bytes)` : shown;
  }
  if (Array.isArray(value)) return value.map((item) => loggable(item, depth + 1));
  if (value instanceof Map) return loggable(Object.fromEntries(value), depth);
  if (value instanceof Set) return loggable([...value], depth);
  if ('toJSON' in value && typeof value.toJSON === 'function') {
    return loggable(value.toJSON(), depth + 1);
  }
  const shown = value instanceof Error ? { ...errorFields(value), ...value } : value;
  return Object.fromEntries(
    Object.entries(shown).map(([name, item]) => [name, loggableField(name, item, depth + 1)]),
  );
}

/** What an Error keeps where enumeration does not find it. */
function errorFields(error: Error): object {
  const { name, message, stack, cause } = error;
  return { name, message, stack, ...(cause === undefined ? {} : { cause }) };
}

/** `14:03:07.120 info  payment committed  tx=… ms=12` */
function readableLine(json: string): string {
  const { time, level, msg, ...fields } = JSON.parse(json) as {
    time: string;
    level: Level;
    msg?: string;
  };
  const rest = Object.entries(fields).map(
    ([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  return `${[time.slice(11, 23), level.padEnd(5), msg ?? '', ...rest].join(' ').trimEnd()}\n`;
}
