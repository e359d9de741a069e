/**
 * Bundles what runs beside the native runtime: the function's entries (they go into packages), and optimize.mjs, which
 * only pipelines start. All files lie flat, the native binding beside them.
 */
import { rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const source = (path) => join(root, 'src', path);

/**
 * The bundle's entries by file name: each adapter is one file in src/handler/entries and one in the bundle; of its parts,
 * those behind an import() are read when they are asked for. Node starts a CommonJS file some 5 ms sooner than a module.
 * Platforms' runtimes get modules: Lambda waits for their top-level await.
 */
const standalone = { node: source('handler/entries/node.ts') };
const hosted = {
  lambda: source('handler/entries/lambda.ts'),
  google: source('handler/entries/google.ts'),
  azure: source('handler/entries/azure.ts'),
};
const tools = { optimize: source('optimize/entry.ts') };

const sessionThread = source('handler/session-thread.ts');

/**
 * onnxruntime-node asks for its binding by a path inside its own package; in a package it lies beside the bundle. And it
 * loads Node's worker threads, 2 ms of a start, to ask what session-thread.ts tells.
 */
const nativeBeside = {
  name: 'native-beside',
  setup({ onLoad }) {
    onLoad({ filter: /onnxruntime-node[\\/]dist[\\/]binding\.js$/ }, async ({ path }) => {
      const { readFile } = await import('node:fs/promises');
      const thread = `{ isMainThread: !require(${JSON.stringify(sessionThread)}).isSessionThread() }`;
      const replacements = [
        [/require\(`\.\.\/bin\/napi-v6\/[^`]*`\)/, 'require("./onnxruntime_binding.node")'],
        ['require("worker_threads")', thread],
      ];
      let contents = await readFile(path, 'utf8');
      for (const [asked, ours] of replacements) {
        const replaced = contents.replace(asked, () => ours);
        if (replaced === contents) throw new Error('onnxruntime-node has another binding.js now: look at it.');
        contents = replaced;
      }
      return { contents, loader: 'js' };
    });
  },
};

/**
 * Importing a module of Node's as an ES module reads all that it exports, and some of that is made only then (node:http
 * its WebSocket, which brings in undici: 30 ms). Taken from getBuiltinModule, only the names that are used are read.
 */
const builtins = {
  name: 'builtins',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:/ }, ({ path, kind }) =>
      kind === 'import-statement' ? { path, namespace: 'builtin' } : undefined,
    );
    onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path }) => {
      const names = Object.keys(process.getBuiltinModule(path)).filter((name) =>
        /^(?!default$)[A-Za-z_]\w*$/.test(name),
      );
      const each = names.map((name) => `export const ${name} = /* @__PURE__ */ (() => builtin.${name})();`);
      return { contents: [`const builtin = process.getBuiltinModule('${path}');`, ...each].join('\n') };
    });
  },
};

const shared = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node20',
  minify: true,
  legalComments: 'none',
  charset: 'utf8',
  logLevel: 'warning',
  // Azure's worker answers the import of @azure/functions-core itself; it is no package that could be brought along.
  external: ['./onnxruntime_binding.node', '@azure/functions-core'],
  plugins: [nativeBeside, builtins],
};
const commonJs = {
  format: 'cjs',
  outExtension: { '.js': '.cjs' },
  define: { 'import.meta.filename': '__filename' },
};
const esModule = {
  format: 'esm',
  outExtension: { '.js': '.mjs' },
  // The runtime's own JavaScript is CommonJS.
  banner: { js: 'const require=process.getBuiltinModule("node:module").createRequire(import.meta.url);' },
};

/** Writes the bundle into `outdir`, replacing what is there. The same sources give the same bytes. */
export async function buildHandler({ outdir }) {
  await rm(outdir, { recursive: true, force: true });
  await build({ ...shared, ...commonJs, entryPoints: standalone, outdir });
  await build({ ...shared, ...esModule, entryPoints: { ...hosted, ...tools }, outdir });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const at = process.argv.indexOf('--out');
  await buildHandler({ outdir: at > 0 ? resolve(process.argv[at + 1]) : join(root, 'dist', 'handler') });
}
