// Builds dist/m.js and dist/m.js.gz, which are committed: who builds the server needs no Node.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { minify } from 'terser';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** The most that the script may weigh on the wire, in bytes after gzip. */
export const GZIP_BYTES_MAX = 5000;

/** The script as the sources say it, as text. */
export async function bundle() {
  const { version } = JSON.parse(readFileSync(here('package.json'), 'utf8'));
  const result = await build({
    entryPoints: [here('src/main.ts')],
    bundle: true,
    minifySyntax: true,
    write: false,
    format: 'esm',
    target: 'es2021',
    tsconfigRaw: { compilerOptions: { alwaysStrict: false } },
    define: { VERSION: JSON.stringify(version) },
  });
  // Arrows are 80 bytes less after gzip. No function is called before all of them are there, and none has a `this`.
  const functions = /^function (\w+)\((.*)\) \{$([^]*?)^\}$/gm;
  const text = result.outputFiles[0].text.replace(functions, 'var $1 = ($2) => {$3};');
  // esbuild's own minifier leaves 200 bytes more after gzip.
  const { code } = await minify(text, {
    ecma: 2021,
    toplevel: true,
    compress: { passes: 4, unsafe: true, unsafe_methods: true, booleans_as_integers: false, unsafe_arrows: true, unsafe_undefined: true, pure_getters: true, keep_fargs: false },
    // Fields of our own objects in transport.ts; no browser knows these names.
    mangle: { properties: { regex: /^(slot|lasts|handed|json)$/ } },
    format: { ascii_only: true },
  });
  return `(()=>{${code.replace(/;$/, '')}})()\n`;
}

/** A text as it goes over the wire. */
export const packed = (text) => gzipSync(text, { level: 9 });

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const text = await bundle();
  const gzip = packed(text);
  const bytes = gzip.length;
  if (bytes > GZIP_BYTES_MAX) {
    console.error(`dist/m.js would weigh ${bytes} bytes after gzip, more than ${GZIP_BYTES_MAX}: leave something out`);
    process.exit(1);
  }
  writeFileSync(here('dist/m.js'), text);
  writeFileSync(here('dist/m.js.gz'), gzip);
  console.log(`dist/m.js: ${text.length} bytes, ${bytes} after gzip`);
}
