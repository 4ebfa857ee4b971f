/**
 * Operators with a node of their own: they sign what they ask of a hub, send it over the network, and
 * the hub does it if their role allows (docs/PROTOCOL.md, "Operators").
 */
import { z } from 'zod';
import { GeoError, invalid } from '../../protocol/errors.ts';
import {
  type Hash,
  hashOf,
  type PublicKey,
  pidFromPublicKey,
} from '../../protocol/identity/pid.ts';
import { CLOCK_SKEW_MS_MAX, OPERATOR_RESULT_BYTES_MAX } from '../../protocol/limits.ts';
import {
  bareFrame,
  encodeBody,
  requireSignedBy,
  seal,
  signedFrame,
  type Unverified,
} from '../../protocol/wire/envelope.ts';
import type { OperatorReply, OperatorRequest } from '../../protocol/wire/messages/membership.ts';
import type { PeerError } from '../../protocol/wire/messages/service.ts';
import { HUB_ROUTES } from '../api/routes/hub.ts';
import type { Community } from '../hub/community.ts';
import type { Actor } from '../hub/operators.ts';
import type { Ports } from '../ports.ts';
import type { HubOperations } from '../service/contract.ts';
import { ErrorBody } from '../service/shapes.ts';

/** How long an answer is waited for, ms. */
const ANSWER_MS = 10_000;
/** Requests that are remembered so that a repeat is not done again; older ones are refused for their time. */
const SEEN_MAX = 10_000;

export class Operating {
  readonly #ports: Ports;
  readonly #community: Community;
  readonly #operationsBy: (actor: Actor) => HubOperations;
  /** Payload hash → when it was made. */
  readonly #seen = new Map<Hash, number>();
  readonly #asked = new Map<Hash, { hub: PublicKey; answered: (reply: OperatorReply) => void }>();

  /** @param operationsBy the hub's operations as one operator's */
  constructor(ports: Ports, community: Community, operationsBy: (actor: Actor) => HubOperations) {
    this.#ports = ports;
    this.#community = community;
    this.#operationsBy = operationsBy;
  }

  /**
   * OPERATOR_REQUEST at a hub. Whoever has no role is refused before anything is worked out.
   * @throws GeoError E006 `no_hub` | `wrong_sender` | `wrong_receiver` | `not_an_operator`, E009
   *   `clock_off` | `request_repeated`, E005 `bad_signature`
   */
  async request(from: PublicKey, signed: Unverified<OperatorRequest>): Promise<void> {
    const actor = this.#open(from, signed);
    const answers = hashOf(signed.payload);
    const { transport } = this.#ports;
    const outcome = await this.#outcomeOf(actor, signed.body);
    transport.send(from, bareFrame('OPERATOR_REPLY', { answers, ...outcome }));
  }

  /** OPERATOR_REPLY from a hub that was asked; anything else is ignored. */
  reply(from: PublicKey, reply: OperatorReply): void {
    const asked = this.#asked.get(reply.answers);
    if (asked?.hub === from) asked.answered(reply);
  }

  /** ERROR about a request: the hub has not even looked into what it was asked for. */
  refused(from: PublicKey, { code, fault, text }: PeerError): void {
    const result = JSON.stringify({ code, message: text, details: { fault } });
    for (const [answers, { hub, answered }] of this.#asked) {
      if (hub === from) answered({ answers, done: false, result });
    }
  }

  /**
   * Asks a hub.
   * @throws GeoError what the hub refused, or E007 `hub_silent`
   */
  async ask(hubKey: PublicKey, method: string, argument: unknown): Promise<unknown> {
    const { signer, entropy, clock, transport } = this.#ports;
    const body: OperatorRequest = {
      operator_key: signer.publicKey,
      hub: pidFromPublicKey(hubKey),
      method,
      argument: argument === undefined ? '' : JSON.stringify(argument),
      nonce: entropy.bytes(16),
      created: clock.now(),
    };
    if (body.argument.length > 4_000) {
      throw invalid('argument_too_long', 'That is more than an operator can ask for at once.');
    }
    const id = hashOf(encodeBody('OPERATOR_REQUEST', body));
    const envelope = seal('OPERATOR_REQUEST', body, signer.publicKey, (m) => signer.sign(m));
    const { promise, resolve } = Promise.withResolvers<OperatorReply | undefined>();
    this.#asked.set(id, { hub: hubKey, answered: resolve });
    const cancel = clock.after(ANSWER_MS, () => resolve(undefined));
    transport.send(hubKey, signedFrame('OPERATOR_REQUEST', envelope));
    const reply = await promise;
    this.#asked.delete(id);
    cancel();
    if (reply === undefined) throw silent();
    const result: unknown = JSON.parse(reply.result);
    if (reply.done) return result;
    const { code, message, details } = ErrorBody.parse(result);
    throw new GeoError(code, message, details as GeoError['details']);
  }

  #open(from: PublicKey, signed: Unverified<OperatorRequest>): Actor {
    const { settings, operators } = this.#community;
    const ports = this.#ports;
    const { operator_key: key, hub, created } = signed.body;
    if (!settings.enabled) {
      throw new GeoError('E006', 'This node is no hub: nobody operates it from elsewhere.', {
        fault: 'no_hub',
      });
    }
    if (key !== from) {
      throw new GeoError('E006', 'Only the operator itself may send its requests.', {
        fault: 'wrong_sender',
      });
    }
    if (hub !== pidFromPublicKey(ports.signer.publicKey)) {
      throw new GeoError('E006', 'That request is for another hub.', { fault: 'wrong_receiver' });
    }
    const pid = pidFromPublicKey(key);
    operators.require({ pid }, 'read');
    const now = ports.clock.now();
    if (Math.abs(now - created) > CLOCK_SKEW_MS_MAX) {
      throw invalid(
        'clock_off',
        'The request was made at another time than now: check both clocks.',
      );
    }
    const id = hashOf(signed.payload);
    this.#forgetOld(now);
    if (this.#seen.has(id)) {
      throw invalid(
        'request_repeated',
        'The hub has done that already; ask anew to have it again.',
      );
    }
    requireSignedBy(signed, key, ports.verify);
    this.#seen.set(id, created);
    return { pid, request: signed.bytes };
  }

  #forgetOld(now: number): void {
    for (const [id, created] of this.#seen) {
      if (now - created <= CLOCK_SKEW_MS_MAX && this.#seen.size < SEEN_MAX) break;
      this.#seen.delete(id);
    }
  }

  async #outcomeOf(
    actor: Actor,
    { method, argument }: OperatorRequest,
  ): Promise<Omit<OperatorReply, 'answers'>> {
    try {
      const result = await this.#do(actor, method, argument);
      const text = JSON.stringify(result);
      if (new TextEncoder().encode(text).length <= OPERATOR_RESULT_BYTES_MAX) {
        return { done: true, result: text };
      }
      throw invalid(
        'result_too_long',
        'The answer is too long for one message; ask for less of it.',
      );
    } catch (error) {
      if (!(error instanceof GeoError)) throw error;
      return { done: false, result: JSON.stringify(error) };
    }
  }

  async #do(actor: Actor, name: string, argument: string): Promise<unknown> {
    if (!Object.hasOwn(HUB_ROUTES, name)) {
      throw invalid('no_such_operation', `A hub has no operation "${name}".`);
    }
    const { input, response } = HUB_ROUTES[name as keyof HubOperations];
    const operations = this.#operationsBy(actor);
    const call = operations[name as keyof HubOperations] as (given?: unknown) => unknown;
    const given = input === null ? undefined : readArgument(input.shape, argument);
    return response.parse(await call.call(operations, given));
  }
}

function readArgument(shape: z.ZodType, text: string): unknown {
  let plain: unknown;
  try {
    plain = text === '' ? {} : JSON.parse(text);
  } catch {
    throw invalid('bad_request', 'The argument is not JSON.');
  }
  const read = shape.safeParse(plain);
  if (read.success) return read.data;
  throw invalid('bad_request', `The argument does not fit: ${z.prettifyError(read.error)}`);
}

function silent(): GeoError {
  return new GeoError(
    'E007',
    'The hub did not answer. It may have done what it was asked for: see geo hub audit before you ask again.',
    { fault: 'hub_silent' },
  );
}
