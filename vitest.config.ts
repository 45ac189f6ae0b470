import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { plantBugs } from './test/federation/planted/plantBugs.js';

// Node takes graphql's CommonJS build, as Apollo's packages do; left alone, vite would take the other one, and graphql refuses to be two.
const alias = [{ find: /^graphql$/, replacement: createRequire(import.meta.url).resolve('graphql') }];
const common = { testTimeout: 30_000, hookTimeout: 60_000, pool: 'forks' as const, environment: 'node' };

export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      {
        resolve: { alias },
        plugins: [plantBugs(fileURLToPath(new URL('.', import.meta.url)))],
        test: {
          ...common,
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/services/**', 'test/e2e/**', 'test/bench/**', 'test/dapr/**'],
        },
      },
      // Real processes, real ports: one file at a time.
      {
        resolve: { alias },
        test: { ...common, name: 'e2e', include: ['test/e2e/**/*.test.ts'], fileParallelism: false, testTimeout: 120_000 },
      },
      // Builds daprd with Go when deploy/local/dapr.sh has not yet.
      {
        resolve: { alias },
        test: {
          ...common,
          name: 'dapr',
          include: ['test/dapr/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 900_000,
        },
      },
      // Needs the servers that .ci/run starts; fails without them.
      {
        resolve: { alias },
        test: {
          ...common,
          name: 'services',
          globalSetup: ['test/support/requireServices.ts'],
          include: ['test/services/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 120_000,
          // Seven processes start at once.
          hookTimeout: 180_000,
        },
      },
    ],
  },
});
