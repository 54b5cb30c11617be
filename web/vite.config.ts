import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'

/**
 * `npm run web:build` makes web/dist, which the API serves. `npm run web:dev` serves the sources and hands everything else
 * on to a service that runs on port 4000.
 */
export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    // Browsers of the last two years: what is native there (dialog, popover, :has) is not brought along.
    target: 'es2023',
    outDir: 'dist',
    emptyOutDir: true,
    // A file that became a data: address would need another policy than the rest of the page.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: {
    proxy: Object.fromEntries(
      ['/graphql', '/sign-in', '/documents', '/uploads'].map((path) => [
        path,
        { target: 'http://127.0.0.1:4000', ws: true },
      ]),
    ),
  },
})
