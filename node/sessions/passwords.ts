/** Passwords: only what argon2id makes of them is kept. The work is done beside the node, a little at a time. */
import { argon2 } from 'node:crypto';
import { GeoError } from '../../protocol/errors.ts';

/** As OWASP asks for: memory in KiB, passes, lanes. Some 30 ms and 19 MiB. */
const COST = { memory: 19_456, passes: 2, parallelism: 1, tagLength: 32 };
export const SALT_BYTES = 16;
/** Passwords that may wait for their turn; each in work takes its memory. */
const WAITING_MAX = 32;

export class Passwords {
  #waiting = 0;
  /** Ends with the work that is under way: one at a time, so that memory and processor stay free for payments. */
  #last: Promise<unknown> = Promise.resolve();

  /** @throws GeoError E006 `too_many_requests` */
  async verifierOf(password: string, salt: Uint8Array): Promise<Uint8Array> {
    if (this.#waiting >= WAITING_MAX) {
      throw new GeoError('E006', 'Too many sign in at once; try again in a second.', {
        fault: 'too_many_requests',
      });
    }
    this.#waiting++;
    const work = this.#last.then(() => derive(password, salt));
    this.#last = work.catch(() => undefined);
    try {
      return await work;
    } finally {
      this.#waiting--;
    }
  }
}

function derive(password: string, salt: Uint8Array): Promise<Uint8Array> {
  // Two ways to type one letter are one password.
  const message = password.normalize('NFKC');
  return new Promise((resolve, reject) => {
    argon2('argon2id', { message, nonce: salt, ...COST }, (error, derived) => {
      if (error) reject(error);
      else resolve(new Uint8Array(derived));
    });
  });
}
