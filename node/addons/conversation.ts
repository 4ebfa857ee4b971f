/** Questions and answers over a message port, the same at both ends: each question has a number. */
import { GeoError } from '../../protocol/errors.ts';

/** The side that was asked could not, or would not. */
export class Unanswered extends Error {
  /** As in the node's refusals, where it was one. */
  readonly fault: string | undefined;

  constructor(message: string, fault?: string) {
    super(message);
    this.fault = fault;
  }
}

type Outgoing<Asked, Told> =
  | { type: 'ask'; id: number; about: Asked }
  | { type: 'answer'; id: number; value: unknown }
  | { type: 'fail'; id: number; message: string; fault?: string | undefined }
  | { type: 'tell'; about: Told };

const MESSAGE_MAX = 2_000;

export class Conversation<Asked, Told> {
  readonly #send: (message: Outgoing<Asked, Told>) => void;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  #last = 0;

  constructor(send: (message: Outgoing<Asked, Told>) => void) {
    this.#send = send;
  }

  /** Questions without an answer. */
  get open(): number {
    return this.#waiting.size;
  }

  /** @throws Unanswered with the other side's reason */
  ask(about: Asked): Promise<unknown> {
    const id = ++this.#last;
    const answer = Promise.withResolvers<unknown>();
    this.#waiting.set(id, answer);
    this.#send({ type: 'ask', id, about });
    return answer.promise;
  }

  tell(about: Told): void {
    this.#send({ type: 'tell', about });
  }

  /** Takes what the other side answers. An answer to nothing is left alone. */
  answered(
    message:
      | { readonly type: 'answer'; readonly id: number; readonly value?: unknown }
      | {
          readonly type: 'fail';
          readonly id: number;
          readonly message: string;
          readonly fault?: string | undefined;
        },
  ): void {
    const waiting = this.#waiting.get(message.id);
    if (waiting === undefined) return;
    this.#waiting.delete(message.id);
    if (message.type === 'answer') waiting.resolve(message.value);
    else waiting.reject(new Unanswered(message.message, message.fault));
  }

  /** Answers a question of the other side. Never throws: what cannot be sent is an answer too. */
  async reply(id: number, work: () => Promise<unknown>): Promise<void> {
    try {
      this.#send({ type: 'answer', id, value: await work() });
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const fault = faultOf(error);
      this.#send({ type: 'fail', id, message: message.slice(0, MESSAGE_MAX), fault });
    }
  }

  /** The other side is gone: nobody waits for it any longer. */
  end(reason: string): void {
    for (const waiting of this.#waiting.values()) waiting.reject(new Unanswered(reason));
    this.#waiting.clear();
  }
}

function faultOf(error: unknown): string | undefined {
  if (error instanceof GeoError) return error.details.fault;
  return error instanceof Unanswered ? error.fault : undefined;
}
