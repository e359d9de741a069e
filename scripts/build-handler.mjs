/**
 * Bundles what runs beside the native runtime: the function's entries with the chunks that they share (they go into
 * packages), and optimize.mjs, one file, which only pipelines start. All files lie flat, the native binding beside them.
 */
import { rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const source = (path) => join(root, 'src', path);

/** The bundle's entries by file name: each adapter is one file in src/handler/entries. */
const functions = {
  node: source('handler/entries/node.ts'),
  lambda: source('handler/entries/lambda.ts'),
  google: source('handler/entries/google.ts'),
  azure: source('handler/entries/azure.ts'),
};
const tools = { optimize: source('optimize/entry.ts') };

/** onnxruntime-node asks for its binding by a path inside its own package; in a package it lies beside the bundle. */
const nativeBeside = {
  name: 'native-beside',
  setup({ onLoad }) {
    onLoad({ filter: /onnxruntime-node[\\/]dist[\\/]binding\.js$/ }, async ({ path }) => {
      const { readFile } = await import('node:fs/promises');
      const text = await readFile(path, 'utf8');
      const asked = /require\(`\.\.\/bin\/napi-v6\/[^`]*`\)/;
      if (!asked.test(text))
        throw new Error('onnxruntime-node loads its binding in another way now: look at binding.js.');
      return { contents: text.replace(asked, 'require("./onnxruntime_binding.node")'), loader: 'js' };
    });
  },
};

const shared = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  outExtension: { '.js': '.mjs' },
  minify: true,
  legalComments: 'none',
  charset: 'utf8',
  logLevel: 'warning',
  // Azure's worker answers the import of @azure/functions-core itself; it is no package that could be brought along.
  external: ['./onnxruntime_binding.node', '@azure/functions-core'],
  plugins: [nativeBeside],
  // The runtime's own JavaScript is CommonJS; the prefix keeps the name free for it in every file.
  banner: { js: 'import{createRequire as __cr}from"node:module";const require=__cr(import.meta.url);' },
};

/** Writes the bundle into `outdir`, replacing what is there. The same sources give the same bytes. */
export async function buildHandler({ outdir }) {
  await rm(outdir, { recursive: true, force: true });
  await build({ ...shared, entryPoints: functions, outdir, splitting: true, chunkNames: '[name]-[hash]' });
  await build({ ...shared, entryPoints: tools, outdir });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const at = process.argv.indexOf('--out');
  await buildHandler({ outdir: at > 0 ? resolve(process.argv[at + 1]) : join(root, 'dist', 'handler') });
}
