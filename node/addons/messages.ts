/**
 * What the node and the thread of an add-on say to each other. Either side asks and is answered; what
 * comes from a thread is somebody else's data and is checked by these shapes before it is believed.
 */
import { z } from 'zod';
import { EventTopic } from '../service/shapes/events.ts';
import { CAPABILITY_NAMES } from './capabilities.ts';

/** Longest key and value of an add-on's own space. */
export const KEY_LENGTH_MAX = 200;
export const VALUE_BYTES_MAX = 64 * 1_024;
/** Most that one write of an add-on may change. */
export const CHANGES_MAX = 500;
const LISTED_MAX = 1_000;
/** Longest answer of a route. */
const ANSWER_BYTES_MAX = 16 * 1_024 * 1_024;
/** Most routes, sockets, jobs, metrics and label sets of one add-on. */
const KINDS_MAX = 100;
/** Longest line of a log, and label. */
export const TEXT_MAX = 2_000;
/** Longest description of a route's query, body or answer, as JSON. */
const SCHEMA_CHARS_MAX = 16 * 1_024;
/** What a thread calls a request that does not fit the route's own shapes. */
export const UNFIT = 'addon_unfit_request';
/** Shortest pause between two runs of a job, ms. */
const JOB_MS_MIN = 1_000;
const JOB_MS_MAX = 30 * 24 * 3_600_000;

/** Whom a route is for, besides the owner of the node: nobody, operators and auditors, whoever has signed in. */
export const ACCESSES = ['local', 'auditor', 'member'] as const;
export const METHODS = ['GET', 'POST', 'PUT', 'DELETE'] as const;

const text = z.string().max(TEXT_MAX);
const key = z.string().min(1).max(KEY_LENGTH_MAX);
const path = z
  .string()
  .max(200)
  .regex(/^\/[\w\-./:]*$/);
/** A JSON Schema. */
const schema = z
  .record(z.string(), z.unknown())
  .refine((given) => JSON.stringify(given).length <= SCHEMA_CHARS_MAX, 'a schema is too long')
  .optional();
const summary = z.string().max(300).optional();
export const AddonName = z.string().regex(/^[a-z][a-z0-9-]{0,30}$/);

/** What the module exports, as far as it can be told. */
export const Declared = z.object({
  name: AddonName,
  version: z.string().min(1).max(40),
  about: z.string().max(300),
  capabilities: z.array(z.enum(CAPABILITY_NAMES)).max(CAPABILITY_NAMES.length),
});
export type Declared = z.infer<typeof Declared>;

/** What `setup` has named. */
export const Offered = z.object({
  routes: z
    .array(
      z.object({
        method: z.enum(METHODS),
        path,
        access: z.enum(ACCESSES),
        summary,
        query: schema,
        body: schema,
        answer: schema,
      }),
    )
    .max(KINDS_MAX),
  sockets: z.array(z.object({ path, access: z.enum(ACCESSES), summary })).max(KINDS_MAX),
  // Who is connected is a state and no event: nothing of it is kept to be heard later.
  topics: z.array(EventTopic.exclude(['peer.state'])),
  jobs: z
    .array(z.object({ name: z.string().max(60), ms: z.int().min(JOB_MS_MIN).max(JOB_MS_MAX) }))
    .max(KINDS_MAX),
});
export type Offered = z.infer<typeof Offered>;

/** What a handler of a route has answered. */
export const Answered = z.object({
  status: z.int().min(200).max(599).default(200),
  type: z
    .string()
    .max(100)
    .regex(/^[\w.+-]+\/[\w.+-]+(; ?[\w-]+=[\w.-]+)*$/)
    .default('application/json'),
  body: z.union([
    z.string().max(ANSWER_BYTES_MAX),
    z.instanceof(Uint8Array).refine(({ length }) => length <= ANSWER_BYTES_MAX),
  ]),
});
export type Answered = z.infer<typeof Answered>;

/** What an add-on asks the node. */
export const Question = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('read'), method: z.string().max(60), argument: z.unknown() }),
  z.object({ kind: z.literal('get'), key }),
  z.object({
    kind: z.literal('list'),
    prefix: z.string().max(KEY_LENGTH_MAX).default(''),
    after: z.string().max(KEY_LENGTH_MAX).default(''),
    limit: z.int().min(1).max(LISTED_MAX).default(100),
  }),
  z.object({
    kind: z.literal('write'),
    /** JSON, or null to delete. */
    changes: z.array(z.tuple([key, z.string().nullable()])).max(CHANGES_MAX),
  }),
]);
export type Question = z.infer<typeof Question>;

/** What an add-on tells without waiting for an answer. */
export const Note = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('log'),
    level: z.enum(['debug', 'info', 'warn', 'error']),
    message: text,
    /** JSON. */
    fields: text,
  }),
  z.object({
    kind: z.literal('measure'),
    type: z.enum(['counter', 'gauge']),
    name: z.string().regex(/^[a-z][a-z0-9_]{0,60}$/),
    help: z.string().max(200),
    labels: z.array(z.tuple([z.string().regex(/^[a-z][a-z0-9_]{0,30}$/), text])).max(8),
    value: z.number(),
  }),
  z.object({ kind: z.literal('socket-text'), socket: z.int(), text: z.string().max(1_048_576) }),
  z.object({ kind: z.literal('socket-end'), socket: z.int() }),
]);
export type Note = z.infer<typeof Note>;

/** Somebody who has signed in; null stands for the owner of the node. */
export interface Caller {
  readonly participant: string;
  /** Has a role at the hub, whichever. */
  readonly isOperator: boolean;
}

/** What the node asks an add-on. */
export type Order =
  | { readonly kind: 'load'; readonly module: string; readonly config: unknown }
  | { readonly kind: 'setup' }
  | { readonly kind: 'ping' }
  | {
      readonly kind: 'route';
      readonly route: number;
      readonly caller: Caller | null;
      readonly params: Readonly<Record<string, string>>;
      readonly query: Readonly<Record<string, string>>;
      readonly body: unknown;
    }
  | { readonly kind: 'event'; readonly event: unknown }
  | { readonly kind: 'gap' }
  | { readonly kind: 'job'; readonly name: string }
  | { readonly kind: 'stop' };

/** What the node tells an add-on. */
export type Word =
  | {
      readonly kind: 'socket-open';
      readonly socket: number;
      readonly path: number;
      readonly caller: Caller | null;
      readonly query: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'socket-text'; readonly socket: number; readonly text: string }
  | { readonly kind: 'socket-end'; readonly socket: number };

/** A thread's words, as they cross the port. */
export const FromThread = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ask'), id: z.int(), about: Question }),
  z.object({ type: z.literal('answer'), id: z.int(), value: z.unknown() }),
  z.object({
    type: z.literal('fail'),
    id: z.int(),
    message: text,
    fault: z.string().max(60).optional(),
  }),
  z.object({ type: z.literal('tell'), about: Note }),
]);
export type FromThread = z.infer<typeof FromThread>;

export type ToThread =
  | { readonly type: 'ask'; readonly id: number; readonly about: Order }
  | { readonly type: 'answer'; readonly id: number; readonly value: unknown }
  | {
      readonly type: 'fail';
      readonly id: number;
      readonly message: string;
      readonly fault?: string | undefined;
    }
  | { readonly type: 'tell'; readonly about: Word };
