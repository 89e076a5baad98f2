import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    // One browser at a time: each is several processes. The times are for machines with much else to do.
    fileParallelism: false,
    testTimeout: 400_000,
    hookTimeout: 180_000,
  },
});
