import { describe, expect, it } from 'vitest';
import { Progress } from '../../../simulations/demo/progress.ts';

function recorder(live: boolean, width = 80) {
  const written: string[] = [];
  let now = 0;
  const progress = new Progress(
    { write: (text) => written.push(text), live, page: { width, colours: false } },
    () => now,
  );
  return {
    progress,
    written,
    pass: (ms: number) => {
      now += ms;
    },
  };
}

describe('progress', () => {
  it('prints plain lines without a terminal, and times each step', async () => {
    const { progress, written, pass } = recorder(false);
    const result = await progress.step(
      'nodes up',
      2,
      async (step) => {
        step.update(1, 'one');
        pass(1234.4);
        step.update(2, 'two');
        return 'done';
      },
      (text) => `all ${text}`,
    );
    expect(result).toBe('done');
    expect(progress.steps).toEqual([{ name: 'nodes up', ms: 1234 }]);
    expect(written.join('')).toBe('nodes up …\n✓ nodes up                    1.2 s  all done\n');
  });

  it('rewrites one line on a terminal and never lets it wrap', async () => {
    const { progress, written, pass } = recorder(true, 40);
    await progress.step('payments', 10, async (step) => {
      for (let done = 1; done <= 10; done++) {
        pass(100);
        step.update(done, 'a note that is much too long for the width of this terminal');
      }
    });
    const drawn = written.filter((text) => text.includes('█'));
    expect(drawn.length).toBe(10);
    expect(Math.max(...drawn.map((text) => text.length))).toBeLessThan(40);
    expect(written.filter((text) => text.includes('\n'))).toHaveLength(1);
  });

  it('draws no more often than eyes can follow', async () => {
    const { progress, written, pass } = recorder(true);
    await progress.step('payments', 1000, async (step) => {
      for (let done = 1; done < 1000; done++) {
        pass(1);
        step.update(done);
      }
    });
    expect(written.filter((text) => text.includes('payments')).length).toBeLessThan(20);
  });

  it('keeps a said line above the live one', async () => {
    const { progress, written } = recorder(true);
    await progress.step('payments', 2, async () => progress.say('killed'));
    const at = written.indexOf('killed\n');
    expect(written[at - 1]).toBe('\r\u001b[2K');
    expect(written[at + 1]).toContain('payments');
  });

  it('shows how far a failed step came, and passes the failure on', async () => {
    const { progress, written } = recorder(false);
    const failing = progress.step('payments', 3, async (step) => {
      step.update(2);
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(written.join('')).toContain('✗ payments');
    expect(written.join('')).toContain('2 of 3');
    expect(progress.steps).toEqual([]);
  });

  it('lets no control characters of a community file reach the terminal', () => {
    const { progress, written } = recorder(false);
    progress.say('a\u001b[31mred');
    expect(written.join('')).not.toContain('\u001b');
  });
});
