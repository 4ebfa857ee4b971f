/**
 * What a person sees while the demo runs, on stderr: one line per finished step, and below them one
 * line that is rewritten as the current step goes on. Without a terminal, plain lines only.
 */
import { harmless, type Page, paint } from '../../cli/page.ts';
import type { StepRow } from './report.ts';

export interface ProgressOutput {
  write(text: string): void;
  /** Whether a line can be rewritten. */
  readonly live: boolean;
  readonly page: Page;
}

export interface Step {
  /** How far it is, and what is worth saying about it at the moment. */
  update(done: number, note?: string): void;
}

/** How often the live line is drawn at most, ms. */
const REDRAW_MS = 80;
const BAR_WIDTH = 20;
const TITLE_WIDTH = 24;

export class Progress {
  readonly #output: ProgressOutput;
  readonly #now: () => number;
  readonly #steps: StepRow[] = [];
  #line = '';
  #drawnAt = Number.NEGATIVE_INFINITY;

  /** `now`: milliseconds of a clock that never goes back. */
  constructor(output: ProgressOutput, now: () => number) {
    this.#output = output;
    this.#now = now;
  }

  /** Every step so far, in order, with its time. */
  get steps(): readonly StepRow[] {
    return this.#steps;
  }

  /**
   * Runs a step and times it.
   * @param total what `update` counts up to
   * @param conclude what to say at the end instead of the last note
   */
  async step<Result>(
    name: string,
    total: number,
    run: (step: Step) => Promise<Result>,
    conclude?: (result: Result) => string,
  ): Promise<Result> {
    const started = this.#now();
    let done = 0;
    let note = '';
    const draw = () => this.#draw(name, done, total, note);
    const step: Step = {
      update: (count, text) => {
        done = count;
        note = text ?? note;
        draw();
      },
    };
    if (this.#output.live) draw();
    else this.#output.write(`${name} …\n`);
    let result: Result;
    try {
      result = await run(step);
    } catch (error) {
      this.#finish('✗', 'red', name, `${done} of ${total}`, this.#now() - started);
      throw error;
    }
    const ms = this.#now() - started;
    this.#steps.push({ name, ms: Math.round(ms) });
    this.#finish('✓', 'green', name, conclude?.(result) ?? note, ms);
    return result;
  }

  /** A line that stays. */
  say(text: string): void {
    this.#erase();
    this.#output.write(`${harmless(text)}\n`);
    if (this.#line !== '') this.#output.write(this.#line);
  }

  #draw(name: string, done: number, total: number, note: string): void {
    const { live, page } = this.#output;
    if (!live) return;
    const now = this.#now();
    if (now - this.#drawnAt < REDRAW_MS && done < total) return;
    this.#drawnAt = now;
    const filled = total === 0 ? 0 : Math.round((BAR_WIDTH * Math.min(done, total)) / total);
    const bar = '█'.repeat(filled) + '░'.repeat(BAR_WIDTH - filled);
    const count = total === 0 ? '' : `${done}/${total}`;
    const text = `  ${name.padEnd(TITLE_WIDTH)} ${bar} ${count.padEnd(9)} ${harmless(note)}`;
    this.#erase();
    // A line that wraps could not be rewritten.
    this.#line = shortened(text, Math.max(1, page.width - 1));
    this.#output.write(this.#line);
  }

  #finish(mark: string, colour: 'green' | 'red', name: string, note: string, ms: number): void {
    const { page } = this.#output;
    this.#erase();
    this.#line = '';
    const seconds = `${(ms / 1000).toFixed(1)} s`.padStart(8);
    const title = name.padEnd(TITLE_WIDTH);
    const head = `${paint(page, colour, mark)} ${title} ${paint(page, 'dim', seconds)}  `;
    const room = Math.max(0, page.width - TITLE_WIDTH - seconds.length - 5);
    const text = head + shortened(harmless(note), room);
    this.#output.write(`${text.trimEnd()}\n`);
  }

  #erase(): void {
    if (this.#line !== '') this.#output.write('\r\u001b[2K');
  }
}

function shortened(text: string, width: number): string {
  const letters = [...text];
  return letters.length <= width ? text : `${letters.slice(0, width - 1).join('')}…`;
}
