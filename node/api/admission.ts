/** Who asks, and whether the route is for them. Every row of the table goes through here, and what is no row as well. */
import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyRequest } from 'fastify';
import { GeoError } from '../../protocol/errors.ts';
import type { NodeService, Reception, SignedIn, Visitor } from '../service/contract.ts';
import { tokenCheck } from './guard.ts';
import type { Access } from './route.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks; absent: whoever holds the token of the home. */
    visitor: Visitor | undefined;
  }
  interface FastifyContextConfig {
    /** Without it a route is for the owner of the node. */
    readonly access?: Access;
  }
}

/** Accesses that somebody who has signed in has, besides the owner of the node. */
const MEMBER: readonly Access[] = ['anyone', 'member'];
const AUDITOR: readonly Access[] = [...MEMBER, 'auditor'];
const OPERATOR: readonly Access[] = [...AUDITOR, 'operator'];
const BY_ROLE: Readonly<Record<NonNullable<SignedIn['role']>, readonly Access[]>> = {
  auditor: AUDITOR,
  operator: OPERATOR,
  admin: [...OPERATOR, 'admin'],
};

const SENTENCES: Readonly<Record<Access, string>> = {
  anyone: 'Send it without a token.',
  member: 'Sign in first.',
  auditor: 'That is for operators and auditors of the community.',
  operator:
    'That is for operators of the community who may act over HTTP; you can read here. Ask an admin for the role.',
  admin:
    'That is for admins of the community who may act over HTTP. Ask one to do it, or for the role.',
  local: 'That is for the owner of the node alone. What you want changed, sign and hand in.',
};

export class Admission {
  readonly #reception: Reception | undefined;
  readonly #requireOwner: (headers: IncomingHttpHeaders) => void;

  /** @param token of the home; without it nobody is the owner */
  constructor(token?: string, reception?: Reception) {
    this.#reception = reception;
    this.#requireOwner = token === undefined ? refuseOwner : tokenCheck(token);
  }

  /** Somebody of whom nothing is asked. */
  welcome(request: FastifyRequest): void {
    request.visitor = { address: request.ip };
  }

  /** @throws GeoError as {@link visitorBy} */
  admit(request: FastifyRequest): void {
    const { access = 'local' } = request.routeOptions.config;
    request.visitor = this.visitorBy(request.headers, request.ip, access);
  }

  /**
   * Who asks for something with that access; undefined: the owner of the node.
   * @throws GeoError E006 `bad_token` (HTTP 401), `not_allowed` (403)
   */
  visitorBy(
    headers: Pick<IncomingHttpHeaders, 'authorization'>,
    address: string,
    access: Access,
  ): (Visitor & { readonly signedIn: SignedIn }) | undefined {
    const session = /^Bearer (gea_\S+)$/.exec(headers.authorization ?? '')?.[1];
    if (session === undefined || this.#reception === undefined) {
      this.#requireOwner(headers);
      return undefined;
    }
    const signedIn = this.#reception.holderOf(session);
    if ((signedIn.role === null ? MEMBER : BY_ROLE[signedIn.role]).includes(access)) {
      return { address, signedIn };
    }
    throw new GeoError('E006', SENTENCES[access], { fault: 'not_allowed', access });
  }

  /** What answers the request: to a visitor nothing but what is made for that visitor. */
  serviceFor(request: FastifyRequest, owners: NodeService): Partial<NodeService> {
    const { visitor } = request;
    if (visitor === undefined) return owners;
    const own = this.#reception?.serviceFor(visitor) ?? {};
    // Rows for anyone rest on nothing that the HTTP door knows.
    return visitor.signedIn === undefined ? { ...owners, ...own } : own;
  }
}

function refuseOwner(): never {
  throw new GeoError(
    'E006',
    'The request has no access token. Sign in, and send the one you get.',
    {
      fault: 'bad_token',
    },
  );
}
