import { svelte } from '@sveltejs/vite-plugin-svelte';
import { type Plugin, defineConfig } from 'vite';

/** The server that answers the API while the page is developed: `MADURA_SERVER=http://127.0.0.1:8420 npm run dev`. */
const server = process.env['MADURA_SERVER'] ?? 'http://127.0.0.1:8420';

const proxied = {
  target: server,
  // The server takes changes from its own pages only, and knows them by host and origin.
  changeOrigin: true,
  headers: { origin: server },
};

const proxy = { '/api': proxied, '/v1': proxied, '/m.js': proxied };

/** A pattern without files is no mistake to Vite, and the page would offer models that it does not have. */
const starters: Plugin = {
  name: 'starters',
  generateBundle(_, bundle) {
    const names = Object.keys(bundle);
    for (const name of ['starter', 'b2b-software', 'online-shop', 'training-school']) {
      const isThere = names.some((file) => new RegExp(`(^|/)${name}-[^/]*\\.js$`).test(file));
      if (!isThere) this.error(`there is no ${name}.yaml to begin with: ../../models and ../../crates/scoring/src/document belong to the build`);
    }
  },
};

export default defineConfig({
  plugins: [svelte(), starters],
  build: {
    outDir: '../dist',
    emptyOutDir: true,
    target: 'es2022',
    // The policy of the server allows no inline anything; small files stay files.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
  },
  server: { proxy },
  preview: { proxy },
});
