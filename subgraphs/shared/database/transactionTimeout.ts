import { MeshError } from '../errors.js';

export const TRANSACTION_LIMIT_MS = 5_000;

/** Rejects with TRANSACTION_TIMEOUT when the work is not done in time; the caller rolls back. */
export async function withTransactionTimeout<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new MeshError('TRANSACTION_TIMEOUT', `The transaction took over ${TRANSACTION_LIMIT_MS} ms and was rolled back.`));
    }, TRANSACTION_LIMIT_MS);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
    // Whatever the late work still does fails on the closed handle; nobody is left to hear of it.
    work.catch(() => undefined);
  }
}
