import { defineConfig } from 'vitest/config';

// Two pools would fight over two cores; files run in parallel, daemons' tests ask for their own time.
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 20_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 2,
  },
});
