/** What a row of the table of endpoints is. Its types follow the method that it serves. */
import type { z } from 'zod';

/**
 * Where a method's one argument travels. Without `field` the whole object is the argument; with it
 * the argument is that member of the object.
 */
interface Input<Argument> {
  readonly in: 'params' | 'query' | 'body';
  readonly shape: Argument extends object ? z.ZodType<Argument> : z.ZodObject;
  readonly field?: Argument extends object ? never : string;
}

/**
 * Who may ask; the first that fits is enough, and whoever holds the token of the home may ask for everything.
 *
 * - `anyone`: it rests on a signature in its body, or tells what everyone may know.
 * - `member`: whoever has signed in, of its own books. The answer is the caller's, not the node's.
 * - `auditor`: whoever has signed in and has a role at the hub: it tells of the community, and changes nothing.
 * - `operator`, `admin`: whoever has signed in with at least that role at the hub: it decides something about the community.
 * - `local`: the owner of the node alone, with the token of the home.
 */
export type Access = 'anyone' | 'member' | 'auditor' | 'operator' | 'admin' | 'local';

type Method = (...given: never[]) => unknown;

interface Route<M extends Method> {
  readonly method: 'GET' | 'POST' | 'PUT';
  /** Under the API's prefix; `:name` is a parameter. */
  readonly path: string;
  readonly tag:
    | 'node'
    | 'peers'
    | 'equivalents'
    | 'trust lines'
    | 'payments'
    | 'members'
    | 'clearing'
    | 'ledger'
    | 'hub'
    | 'memberships'
    | 'events'
    | 'sessions';
  readonly summary: string;
  readonly access: Access;
  readonly input: Parameters<M> extends [infer Argument] ? Input<Argument> : null;
  readonly response: z.ZodType<Awaited<ReturnType<M>>>;
}

/** One row for each of some operations: an operation without an endpoint does not compile. */
export type RoutesOf<Operations> = {
  readonly [Name in keyof Operations]: Operations[Name] extends Method
    ? Route<Operations[Name]>
    : never;
};

/** A row with its method's types forgotten, for code that walks the whole table. */
export interface PlainRoute {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly path: string;
  readonly tag: string;
  readonly summary: string;
  readonly access: Access;
  readonly input: {
    readonly in: 'params' | 'query' | 'body';
    readonly shape: z.ZodType;
    readonly field?: string | undefined;
  } | null;
  readonly response: z.ZodType;
}
