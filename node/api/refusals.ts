/** What each route answers to requests that are not as they should be; stated in the OpenAPI document, and walked by the tests. */
import type { Access } from './route.ts';
import type { AnyRoute, ServiceMethod } from './routes.ts';

export type Misuse =
  | 'malformed body'
  | 'unknown field'
  | 'wrong role'
  | 'expired token'
  | 'repeated request'
  | 'too large body'
  | 'slow client';

export interface Answer {
  readonly misuse: Misuse;
  readonly status: number;
  /** Null: it is no refusal, or nobody is left to hear a reason. */
  readonly fault: string | null;
  readonly sentence: string;
}

/** Whom a route is for, where not everybody who has signed in may ask. */
const ROLES: Readonly<Partial<Record<Access, string>>> = {
  auditor: 'whoever has a role at the hub',
  operator: 'operators and admins of the hub',
  admin: 'admins of the hub',
  local: 'the owner of the node',
};

const SAME_QUERY: Omit<Answer, 'misuse'> = {
  status: 200,
  fault: null,
  sentence: 'A signed query may be repeated until it is two minutes old; then it is refused.',
};

const ONCE: Omit<Answer, 'misuse'> = {
  status: 401,
  fault: 'sign_in_failed',
  sentence: 'A challenge is good once.',
};

/** Routes whose requests carry something that must not be done twice, or may be asked for again. */
const REPEATED: Readonly<Partial<Record<ServiceMethod, Omit<Answer, 'misuse'>>>> = {
  pay: {
    status: 200,
    fault: null,
    sentence: 'With the same `nonce` it is the same payment: nothing is paid twice.',
  },
  submitEnvelope: {
    status: 200,
    fault: null,
    sentence:
      'An order is carried out once; handed in again, it is answered with what has become of it.',
  },
  signIn: ONCE,
  makeLink: ONCE,
  endLink: ONCE,
  signInByLink: { status: 401, fault: 'sign_in_failed', sentence: 'A one-time code is good once.' },
  exchangeTokens: {
    status: 401,
    fault: 'token_reused',
    sentence:
      'A refresh token is good once: with another nonce the session ends, with the same the answer is given again.',
  },
  memberAccount: SAME_QUERY,
  memberTransaction: SAME_QUERY,
  memberExport: SAME_QUERY,
};

/** One for each misuse that the route can meet. */
export function answersOf(route: AnyRoute): Answer[] {
  const { access, input, name } = route;
  const hasBody = input?.in === 'body';
  const role = ROLES[access];
  const repeated = REPEATED[name];
  return [
    ...when(hasBody, {
      misuse: 'malformed body',
      status: 400,
      fault: 'bad_request',
      sentence:
        'The body is one JSON object of the shape below; all that is wrong with it is named.',
    }),
    ...when(true, {
      misuse: 'unknown field',
      status: 400,
      fault: 'bad_request',
      sentence: 'A field that is not known is refused, in the query as in the body.',
    }),
    ...when(access !== 'anyone', {
      misuse: 'expired token',
      status: 401,
      fault: 'bad_token',
      sentence: 'The token is missing, wrong, or not good any more.',
    }),
    ...when(role !== undefined, {
      misuse: 'wrong role',
      status: 403,
      fault: 'not_allowed',
      sentence: `That is for ${role}.`,
    }),
    {
      misuse: 'slow client',
      status: 408,
      fault: null,
      sentence: 'The request did not come to its end in time; the connection is closed.',
    },
    ...when(hasBody, {
      misuse: 'too large body',
      status: 413,
      fault: 'body_too_large',
      sentence: 'The body is larger than 32 KiB.',
    }),
    ...(repeated === undefined ? [] : [{ misuse: 'repeated request', ...repeated } as const]),
  ];
}

function when(applies: boolean, answer: Answer): Answer[] {
  return applies ? [answer] : [];
}
