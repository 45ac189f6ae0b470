// @graphql-hive/gateway. BENCH_HIVE_RUNTIME=1: with the Rust query planner and its executor. BENCH_HIVE_SHARING: operation (all that
// the public benchmark turns on), subgraph (only what is on by default: identical subgraph requests in flight), off.
import { defineConfig } from '@graphql-hive/gateway';
import { unifiedGraphHandler } from '@graphql-hive/router-runtime';

const { BENCH_HIVE_RUNTIME: runtime, BENCH_HIVE_SHARING: sharing } = process.env;

export const gatewayConfig = defineConfig({
  ...(runtime === '1' ? { unifiedGraphHandler } : { jit: true }),
  inboundInflightRequestDeduplication: sharing === 'operation',
  ...(sharing === 'off' && { transportEntries: { '*.http': { options: { deduplicateInflightRequests: false } } } }),
});
