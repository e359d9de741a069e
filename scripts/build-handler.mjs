/**
 * Bundles what runs beside the native runtime: the function's entries (they go into packages), and optimize.mjs, which
 * only pipelines start. All files lie flat, the native binding beside them.
 */
import { createHash } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const source = (path) => join(root, 'src', path);

/**
 * The bundle's entries by file name, one for each adapter. What a start needs is read with them; what stands behind an
 * import() is a part of its own, since the engine goes through every character that it is given (60 ns each here), used
 * or not. Node starts a CommonJS file some 5 ms sooner than a module. Platforms' runtimes get modules: Lambda waits for
 * their top-level await.
 */
const standalone = { 'node.part': source('handler/entries/node-application.ts') };
/** What Node is started with: each loads that part, node.cjs by way of what V8 compiled of it where that is kept. */
const loaders = {
  node: source('handler/entries/node.ts'),
  'cloud-run': source('handler/entries/cloud-run.ts'),
};
const hosted = {
  lambda: source('handler/entries/lambda.ts'),
  google: source('handler/entries/google.ts'),
  azure: source('handler/entries/azure.ts'),
};
const framework = { 'google-function': source('handler/entries/google-function.ts') };
const tools = { optimize: source('optimize/entry.ts') };

/**
 * Importing a module of Node's as an ES module reads all that it exports, and some of that is made only then (node:http
 * its WebSocket, which brings in undici: 30 ms). Taken from getBuiltinModule, only the names that are used are read.
 */
const builtins = {
  name: 'builtins',
  // One for each that imports it, so that it stays in the importer's part.
  resolveId: (id, importer, { kind }) =>
    id.startsWith('node:') && kind === 'import-statement' && !importer.startsWith('\0')
      ? `\0${id}?${importer}`
      : undefined,
  load(id) {
    const name = /^\0(node:[^?]+)/.exec(id)?.[1];
    if (name === undefined) return undefined;
    const exported = Object.keys(process.getBuiltinModule(name)).filter((key) =>
      /^(?!default$)[A-Za-z_]\w*$/.test(key),
    );
    const each = exported.map((key) => `export const ${key} = /* @__PURE__ */ (() => builtin.${key})();`);
    const code = [`const builtin = process.getBuiltinModule('${name}');`, ...each].join('\n');
    return { code, moduleSideEffects: false };
  },
};

const types = { 'text/html': ['html'], 'text/plain': ['txt'], 'application/json': ['json'] };
const typeTable = Object.fromEntries(Object.entries(types).map(([type, extensions]) => [type, { extensions }]));

/**
 * The functions framework by its command, without two tables of its dependencies that are two thirds of it. The function
 * has every body read as bytes, so that nothing is decoded and iconv-lite is asked for nothing; and answers state their
 * type themselves, so that mime-db's nine thousand types come down to those that Express names by itself.
 */
const leanFramework = {
  name: 'lean-framework',
  resolveId(id) {
    if (id === '@google-cloud/functions-framework/main')
      return join(root, 'node_modules/@google-cloud/functions-framework/build/src/main.js');
    return id === 'iconv-lite' || id === 'mime-db' ? `\0lean:${id}` : undefined;
  },
  load(id) {
    if (id === '\0lean:mime-db') return `module.exports = ${JSON.stringify(typeTable)};`;
    if (id !== '\0lean:iconv-lite') return undefined;
    return 'exports.encodingExists = () => false; exports.getDecoder = () => { throw new Error("not decoded here"); };';
  },
};

/**
 * WebAssembly that pictures are decoded with: files beside the bundle in place of those of the packages. What instantiates them
 * looks for its own address, which CommonJS does not have in that form.
 */
const wasmFiles = {
  name: 'wasm-files',
  async transform(code, id) {
    if (/_dec\.js$/.test(id))
      return code
        .replace('if(import.meta.url===undefined){import.meta.url="https://localhost"}', '')
        .replaceAll('import.meta.url', '"file:///"');
    if (!/[\\/]picture[\\/]decode[\\/]codecs\.ts$/.test(id)) return undefined;
    const paths = /createRequire\(import\.meta\.filename\)\.resolve\(\s*'([^']+)',?\s*\)/g;
    for (const [, path] of code.matchAll(paths)) {
      const file = join(root, 'node_modules', path);
      this.emitFile({ type: 'asset', fileName: basename(path), source: await readFile(file) });
    }
    return code.replace(paths, (_, path) => `\`\${import.meta.dirname}/${basename(path)}\``);
  },
};

const shared = {
  cwd: root,
  platform: 'node',
  // Azure's worker answers the import of @azure/functions-core itself; it is no package that could be brought along.
  external: ['@azure/functions-core'],
  plugins: [builtins, wasmFiles],
  logLevel: 'warn',
};
/**
 * One character beyond Latin-1 anywhere, and V8 keeps a whole file in two bytes a character: a start took 3 % longer
 * for an ellipsis in a message.
 */
const output = { minify: true, comments: false, charset: 'ascii' };

/** A CommonJS entry is itself what its parts take the rest from. */
const inTheEntry = { groups: [{ name: 'node.part', test: /[\\/]entries[\\/]node-application\.ts$/ }] };
/** A module that still waits for a part cannot be imported by it: the entries share a part with all that a start needs. */
const besideEntries = {
  groups: [
    { name: 'application', test: /[\\/]handler[\\/](?:[^\\/]+[\\/])*(?:open-app|session-thread|worker-session)\.ts$/ },
  ],
};

async function bundle(input, { define = {}, plugins = shared.plugins, ...options }) {
  const build = await rolldown({
    ...shared,
    plugins,
    input,
    preserveEntrySignatures: 'allow-extension',
    transform: { target: 'node20', define },
  });
  const { output: files } = await build.write({ ...output, ...options });
  await build.close();
  return files;
}

/**
 * Writes the bundle into `outdir`, replacing what is there. The same sources give the same bytes. Returns the files that
 * it was made of, for the list of licences.
 */
export async function buildHandler({ outdir }) {
  await rm(outdir, { recursive: true, force: true });
  const named = (ending) => ({
    dir: outdir,
    entryFileNames: `[name].${ending}`,
    chunkFileNames: `[name].part.${ending}`,
  });
  const define = { 'import.meta.filename': '__filename', 'import.meta.dirname': '__dirname' };
  const parts = await bundle(standalone, { format: 'cjs', ...named('cjs'), define, codeSplitting: inTheEntry });
  const digest = createHash('sha256')
    .update(await readFile(join(outdir, 'node.part.cjs')))
    .digest('hex');
  const defines = { ...define, partDigest: JSON.stringify(digest) };
  const started = [];
  for (const [name, path] of Object.entries(loaders)) {
    const input = { [name]: path };
    started.push(...(await bundle(input, { format: 'cjs', ...named('cjs'), define: defines, codeSplitting: false })));
  }
  const files = await bundle(hosted, { format: 'esm', ...named('mjs'), codeSplitting: besideEntries });
  const entries = new Set(files.filter((file) => file.isEntry).map((file) => file.fileName));
  for (const { fileName, imports = [] } of files) {
    const entry = imports.find((name) => entries.has(name));
    if (entry) throw new Error(`${fileName} imports ${entry}, which may still wait for it: move what they share.`);
  }
  const served = await bundle(framework, {
    ...{ format: 'cjs', ...named('cjs'), define, codeSplitting: false },
    plugins: [leanFramework],
  });
  const own = await bundle(tools, { format: 'esm', ...named('mjs'), codeSplitting: false });
  return [...parts, ...started, ...files, ...served, ...own].flatMap(({ modules = {} }) => Object.keys(modules));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const at = process.argv.indexOf('--out');
  await buildHandler({ outdir: at > 0 ? resolve(process.argv[at + 1]) : join(root, 'dist', 'handler') });
}
