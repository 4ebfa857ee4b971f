/** Requests from an OpenAPI document: what an operation allows, and what it just does not. */
import fc from 'fast-check';
import { expect } from 'vitest';
import { ErrorBody } from '../../node/service/shapes.ts';
import { allowedBy, type Known, nearly, type Schema } from './json-schema.ts';

const RUNS = 25;

interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query';
  readonly required: boolean;
  readonly schema: Schema;
}

export interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: { 'application/json': { schema: Schema } } };
}

export interface ApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

/** An operation, and where it is. */
export interface Place {
  readonly path: string;
  readonly method: string;
  readonly operation: Operation;
}

export function operationsOf(
  { paths }: ApiDocument,
  isWanted: (path: string, operation: Operation) => boolean,
): Place[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([, operation]) => isWanted(path, operation))
      .map(([method, operation]) => ({ path, method, operation })),
  );
}

/** Good values, and nearly good ones. */
export async function fuzz(url: string, token: string, place: Place, known: Known): Promise<void> {
  const good = allowedBy(argumentOf(place.operation), known);
  for (const values of [good, nearly(good, known)]) {
    const sent = fc.asyncProperty(values, (value) => send(url, token, place, value));
    await fc.assert(sent, { numRuns: RUNS });
  }
}

function argumentOf({ parameters = [], requestBody }: Operation): Schema {
  if (requestBody !== undefined) return requestBody.content['application/json'].schema;
  return {
    type: 'object',
    properties: Object.fromEntries(parameters.map(({ name, schema }) => [name, schema])),
    required: parameters.filter(({ required }) => required).map(({ name }) => name),
  };
}

function asText(member: unknown): string {
  return typeof member === 'object' ? JSON.stringify(member) : String(member);
}

/** A value in its places. No answer is a failure of the node, and a refusal comes in the one envelope. */
async function send(
  url: string,
  token: string,
  { path, method, operation }: Place,
  value: unknown,
): Promise<void> {
  const isBody = operation.requestBody !== undefined;
  const inPath = (operation.parameters ?? []).filter((each) => each.in === 'path');
  const members = isBody ? {} : ((value ?? {}) as Record<string, unknown>);
  let target = path;
  for (const { name } of inPath) {
    target = target.replace(`{${name}}`, encodeURIComponent(asText(members[name] ?? '')));
  }
  const place = new URL(target, url);
  for (const [name, member] of Object.entries(members)) {
    if (!inPath.some((each) => each.name === name)) place.searchParams.append(name, asText(member));
  }
  const response = await fetch(place, {
    method: method.toUpperCase(),
    headers: {
      authorization: `Bearer ${token}`,
      ...(isBody ? { 'content-type': 'application/json' } : {}),
    },
    ...(isBody ? { body: JSON.stringify(value) } : {}),
  });
  const text = await response.text();
  // 504: another node was asked, and did not answer in time.
  if (response.status !== 504) {
    const sent = `${method} ${place.pathname} ${JSON.stringify(value)}`;
    expect(response.status, `${sent}: ${text}`).toBeLessThan(500);
  }
  if (!response.ok) expect(ErrorBody.safeParse(JSON.parse(text)).success, text).toBe(true);
}
