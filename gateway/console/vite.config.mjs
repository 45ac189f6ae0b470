import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const here = fileURLToPath(new URL('.', import.meta.url));

export default defineConfig({
  root: here,
  base: '/graphiql/',
  // The bundler warns about hundreds of "use client" lines in GraphiQL's dependencies, which mean nothing here.
  logLevel: 'error',
  build: {
    outDir: fileURLToPath(new URL('../../dist/console', import.meta.url)),
    emptyOutDir: true,
    // Monaco is one big editor; splitting it would only add requests on loopback.
    chunkSizeWarningLimit: 10_000,
  },
});
