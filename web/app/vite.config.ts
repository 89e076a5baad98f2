import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

/** The server that answers the API while the page is developed: `MADURA_SERVER=http://127.0.0.1:8420 npm run dev`. */
const server = process.env['MADURA_SERVER'] ?? 'http://127.0.0.1:8420';

const proxied = {
  target: server,
  // The server takes changes from its own pages only, and knows them by host and origin.
  changeOrigin: true,
  headers: { origin: server },
};

const proxy = { '/api': proxied, '/v1': proxied, '/m.js': proxied };

export default defineConfig({
  plugins: [svelte()],
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
