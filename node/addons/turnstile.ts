/** Lets a few pieces of work in at a time; the others wait their turn, up to a bound. */
import { GeoError } from '../../protocol/errors.ts';

export class Turnstile {
  readonly #atOnce: number;
  readonly #waitingMax: number;
  readonly #waiting: (() => void)[] = [];
  #inside = 0;

  constructor(atOnce: number, waitingMax: number) {
    this.#atOnce = atOnce;
    this.#waitingMax = waitingMax;
  }

  /** @throws GeoError E008 `too_many_questions`, and whatever the work throws */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#inside >= this.#atOnce) {
      if (this.#waiting.length >= this.#waitingMax) {
        throw new GeoError(
          'E008',
          `More than ${this.#waitingMax} questions wait already: wait for answers before asking more.`,
          { fault: 'too_many_questions' },
        );
      }
      // Whoever leaves hands over the place, so nobody is overtaken.
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else this.#inside++;
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#inside--;
      else next();
    }
  }
}
