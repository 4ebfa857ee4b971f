import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameQueue, type QueueBudget } from '../../../node/transport/frame-queue.ts';

const budget = (maxBytes = 1e9): QueueBudget => ({ usedBytes: 0, maxBytes });
const frame = (length: number, mark = 0) => new Uint8Array(length).fill(mark);

describe('frame queue', () => {
  it('gives frames back in order, in batches within both bounds, and settles its account', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.integer({ min: 1, max: 300 }), fc.constant('take' as const)), {
          maxLength: 200,
        }),
        (steps) => {
          const shared = budget();
          const queue = new FrameQueue(1e9, shared);
          const pushed: Uint8Array[] = [];
          const taken: Uint8Array[] = [];
          for (const step of steps) {
            if (step === 'take') {
              const batch = queue.take(4, 500);
              const bytes = batch.reduce((sum, { length }) => sum + length, 0);
              expect(batch.length).toBeLessThanOrEqual(4);
              expect(bytes <= 500 || batch.length === 1).toBe(true);
              taken.push(...batch);
            } else {
              const one = frame(step);
              expect(queue.push(one)).toBe(true);
              pushed.push(one);
            }
          }
          while (queue.length > 0) taken.push(...queue.take(16, 1000));
          expect(taken).toEqual(pushed);
          expect(shared.usedBytes).toBe(0);
        },
      ),
    );
  });

  it('refuses the newest when it is full, and has room again after a batch left', () => {
    const queue = new FrameQueue(1000, budget());
    expect(queue.push(frame(300))).toBe(true);
    expect(queue.push(frame(300))).toBe(true);
    expect(queue.push(frame(300))).toBe(false);
    expect(queue.length).toBe(2);
    queue.take(1, 1e6);
    expect(queue.push(frame(300))).toBe(true);
  });

  it('counts small frames too: a million of them is not free', () => {
    const queue = new FrameQueue(10_000, budget());
    let accepted = 0;
    while (queue.push(frame(1))) accepted += 1;
    expect(accepted).toBeLessThan(100);
  });

  it('shares one bound with other queues, and gives its part back when it is cleared', () => {
    const shared = budget(1000);
    const first = new FrameQueue(1e9, shared);
    const second = new FrameQueue(1e9, shared);
    expect(first.push(frame(600))).toBe(true);
    expect(second.push(frame(600))).toBe(false);
    expect(first.clear()).toBe(1);
    expect(second.push(frame(600))).toBe(true);
  });

  it('stays in order across thousands of frames', () => {
    const queue = new FrameQueue(1e9, budget());
    const out: number[] = [];
    for (let i = 0; i < 10_000; i += 1) {
      queue.push(frame(1 + (i % 7), i % 256));
      if (i % 3 === 0) for (const each of queue.take(2, 1e6)) out.push(each[0]!);
    }
    while (queue.length > 0) for (const each of queue.take(16, 1e6)) out.push(each[0]!);
    expect(out).toEqual(Array.from({ length: 10_000 }, (_, i) => i % 256));
  });
});
