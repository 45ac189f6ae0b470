import { randomFillSync } from 'node:crypto';

const POOL_BYTES = 4_096;

/** Lower-case hexadecimal digits of random bytes, each used once; asking the system for many at a time is cheaper. */
export function createRandomHex(): (bytes: number) => string {
  const pool = Buffer.allocUnsafe(POOL_BYTES);
  let used = POOL_BYTES;
  return (bytes) => {
    if (used + bytes > POOL_BYTES) {
      randomFillSync(pool);
      used = 0;
    }
    return pool.toString('hex', used, (used += bytes));
  };
}
