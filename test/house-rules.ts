/**
 * The rules of the house: what each room of src/ owns and may import. test/house.test.ts enforces them, and the table in
 * docs/architecture.md is made from them (`npm run docs`).
 */
export interface Room {
  /** For the table. */
  owns: string;
  /** Rooms that stand before it in the list: all files, or the one named after the slash. */
  rooms: string[];
  /** Of npm and of Node; all below one that ends with `:` or `/`. */
  packages: string[];
  /** What it may import by `import()` besides. */
  lazy?: string[];
}

/** A room is a folder of src/, or a file. From the bottom to the top: no room imports one that stands below it here. */
export const rooms: Record<string, Room> = {
  errors: {
    owns: 'kinds of errors with code, exit code and hint; what follows from an unknown one',
    rooms: [],
    packages: [],
  },
  log: { owns: 'the `Logger` interface: progress and warnings while a verb runs', rooms: ['errors'], packages: [] },
  conceal: {
    owns: 'shows `${NAME}` in place of what models.yaml took from the environment',
    rooms: ['errors'],
    packages: [],
  },
  proxy: { owns: 'the proxies of the environment, for every client', rooms: [], packages: ['node:http'] },
  clouds: {
    owns: "one table of clouds: scheme, name of the store, bucket's form, settings, words for people",
    rooms: [],
    packages: [],
  },
  'cloud-variables': { owns: 'the variables that open the stores of each cloud', rooms: ['clouds'], packages: [] },
  'credential-words': {
    owns: 'finds credentials in the environment that cannot be right, before anything is sent',
    rooms: ['errors', 'proxy', 'clouds', 'cloud-variables'],
    packages: [],
  },
  'side-by-side': { owns: 'work on many items, a few at a time, results in order', rooms: [], packages: [] },
  version: { owns: 'the version of the tool', rooms: [], packages: [] },
  model: {
    owns: 'names, keys, manifest, pointer, digests, tensors and samples in JSON: pure',
    rooms: [],
    packages: ['node:crypto', 'semver'],
  },
  tokenizer: {
    owns: 'tokenizer.json compiled to a flat file, and texts to ids from that file, as the reference implementation does: pure',
    rooms: ['model/task.ts'],
    packages: ['node:crypto'],
  },
  picture: {
    owns: 'JPEG, PNG and WebP to the tensor of a model, with the pixels that Pillow makes',
    rooms: ['model'],
    packages: ['node:module', 'node:fs', 'node:zlib', '@jsquash/jpeg', '@jsquash/webp'],
  },
  rows: {
    owns: 'rows as JSON or CSV to the tensors of a model, cell by cell by the types of its inputs: pure',
    rooms: ['model'],
    packages: ['node:buffer', 'csv-parse'],
  },
  task: {
    owns: 'what the task of a version makes of requests and answers: texts, pictures and rows to tensors, tensors to labels and vectors',
    rooms: ['model', 'tokenizer', 'picture', 'rows'],
    packages: [],
  },
  inputs: {
    owns: "typed readers of inputs, one for CLI flags and the actions' inputs",
    rooms: ['errors', 'model/names.ts'],
    packages: ['fastest-levenshtein'],
  },
  gate: {
    owns: 'samples to verdict, wording, pictures, record: pure',
    rooms: ['model', 'errors', 'inputs'],
    packages: ['d3-scale', 'd3-shape'],
  },
  config: {
    owns: 'models.yaml to a checked `Config`; its JSON Schema and reference',
    rooms: ['clouds', 'model', 'gate', 'errors', 'inputs'],
    packages: ['zod', 'js-yaml', 'fastest-levenshtein', 'semver', 'node:'],
  },
  onnx: {
    owns: 'reading the head of an ONNX file; what broken files are',
    rooms: ['model', 'errors', 'inputs'],
    packages: ['node:', 'fastest-levenshtein'],
  },
  stores: {
    owns: 'the `Store` interface, a driver a folder, `open`',
    rooms: ['clouds', 'errors', 'config/types.ts', 'proxy'],
    packages: [
      ...['node:', '@aws-sdk/client-s3', '@aws-sdk/s3-request-presigner', '@smithy/'],
      ...['@google-cloud/storage', '@azure/storage-blob', '@azure/identity'],
    ],
  },
  pause: { owns: 'waiting that a signal ends', rooms: [], packages: ['node:timers'] },
  retry: {
    owns: 'sends a call again for as long as its failures end by themselves',
    rooms: ['log', 'pause'],
    packages: [],
  },
  'api-request': { owns: 'one request to an API of a cloud that speaks JSON', rooms: [], packages: [] },
  google: {
    owns: "Google's APIs over plain HTTP: addresses, credentials, ID tokens, what answers say",
    rooms: ['errors', 'stores/connection.ts', 'api-request'],
    packages: ['google-auth-library'],
  },
  registry: {
    owns: 'protocols on a store: publish, verify, swap, history, prune, doctor',
    rooms: ['clouds', 'model', 'stores/store.ts', 'onnx', 'errors', 'log', 'side-by-side'],
    packages: ['node:crypto', 'node:fs', 'node:path'],
  },
  package: {
    owns: 'runtime archive, layer, reproducible zip and tar.gz, size budget, the cache of these',
    rooms: ['errors', 'log'],
    packages: ['node:', 'pako', 'tar-stream'],
  },
  azure: {
    owns: 'Azure Resource Manager over plain HTTP: addresses, credentials, long operations, what answers say',
    rooms: ['errors', 'log', 'pause', 'retry', 'api-request', 'stores/connection.ts', 'stores/entra.ts'],
    packages: ['@azure/identity'],
  },
  oci: {
    owns: 'container images without Docker: assembled of a package and a base, pushed by the OCI distribution protocol',
    rooms: ['errors', 'log', 'package', 'pause'],
    packages: ['node:'],
  },
  rollout: {
    owns: 'the rollout policy, once: candidate, live, restore, sample, plan, retire, proof; the `Target` and `Platform` interfaces',
    rooms: ['model', 'gate', 'errors', 'log', 'package/package-file.ts', 'package/budget.ts', 'pause', 'proxy'],
    packages: ['node:crypto', 'node:http', 'node:https'],
  },
  targets: {
    owns: 'a platform a folder, `open`',
    rooms: [
      ...['clouds', 'cloud-variables', 'rollout', 'pause', 'model', 'gate', 'errors', 'log', 'config/types.ts'],
      ...['config/schema/aws-lambda.ts', 'config/schema/google-cloud-run.ts', 'config/schema/azure-functions.ts'],
      'config/schema/queue.ts',
      ...['google', 'azure', 'package', 'oci', 'proxy', 'retry', 'api-request'],
    ],
    packages: [
      ...['node:', '@aws-sdk/client-lambda', '@aws-sdk/client-application-auto-scaling', '@aws-sdk/client-s3'],
      ...['@aws-sdk/client-apigatewayv2', '@aws-sdk/client-cloudwatch-logs', 'aws4fetch', '@azure/storage-blob'],
    ],
  },
  iam: {
    owns: 'what each identity may do, by verb: pure',
    rooms: [
      'clouds',
      ...['errors', 'model', 'config/types.ts', 'config/schema/aws-lambda.ts'],
      ...['config/schema/google-cloud-run.ts', 'config/schema/azure-functions.ts'],
    ],
    packages: [],
  },
  advice: {
    owns: 'what is worth changing in an environment: facts to findings, each with what to type: pure',
    rooms: ['clouds', 'config/types.ts', 'rollout/surroundings.ts'],
    packages: [],
  },
  handler: {
    owns: 'the function itself, bundled apart; an adapter and a reader per cloud',
    rooms: ['clouds', 'model', 'task', 'onnx/external-names.ts', 'onnx/reaching-inputs.ts'],
    packages: [
      ...['node:', 'onnxruntime-node', 'onnxruntime-common', 'aws4fetch'],
      ...['@azure/functions', '@google-cloud/functions-framework'],
    ],
  },
  optimize: {
    owns: 'load-optimised forms of a model, and checks of a model, in a separate process',
    rooms: ['model', 'tokenizer', 'task', 'errors', 'onnx', 'handler'],
    packages: ['node:', 'onnxruntime-node', 'onnxruntime-common'],
  },
  measure: {
    owns: 'takes the samples of the gate, watches what is live, bursts',
    rooms: [
      ...['gate', 'rollout/target.ts', 'rollout/proof/http.ts', 'rollout/proof/expectation.ts'],
      ...['rollout/proof/prove.ts', 'pause', 'model', 'errors', 'log', 'stores/store.ts'],
    ],
    packages: ['node:crypto'],
  },
  github: {
    owns: 'an event to a plan; the reports of a run on GitHub',
    rooms: ['errors', 'log', 'model', 'gate', 'config/types.ts'],
    packages: ['@octokit/core', '@octokit/plugin-retry', 'node:'],
  },
  steps: {
    owns: 'what several verbs do: workspace, sources, release, previews, changes since',
    rooms: [
      ...[
        'clouds',
        'github',
        'model',
        'gate',
        'config',
        'onnx',
        'picture/prepare/preprocessor-config.ts',
        'rows/columns.ts',
        'inputs',
        'registry',
        'package',
        'measure',
        'optimize',
        'iam',
      ],
      ...['advice', 'azure', 'conceal', 'credential-words', 'errors', 'log', 'rollout/target.ts', 'targets/open.ts'],
      ...['inputs', 'rollout/proof/http.ts', 'stores/store.ts', 'stores/open.ts', 'stores/read-file.ts'],
    ],
    packages: ['node:path', 'node:fs', 'node:url', 'node:os', 'node:child_process', 'node:util', 'node:crypto'],
  },
  verbs: {
    owns: 'one verb a file, and nothing else',
    rooms: [
      ...['steps', 'github', 'model', 'gate', 'config', 'registry', 'package', 'measure', 'iam', 'advice'],
      ...['errors', 'log'],
      ...['inputs', 'version', 'rollout/target.ts', 'stores/store.ts', 'stores/open.ts', 'stores/read-file.ts'],
      ...['onnx/placeholder.ts', 'pause', 'side-by-side'],
    ],
    packages: ['node:path', 'node:fs', 'node:url', 'node:os', 'node:child_process'],
  },
  catalog: {
    owns: 'per verb: inputs, outputs, words, lazy import',
    rooms: ['inputs', 'errors', 'steps/verb.ts'],
    packages: [],
    lazy: ['verbs', 'steps'],
  },
  terminal: {
    owns: 'arguments, help, log and failures of the command line',
    rooms: ['catalog', 'conceal', 'errors', 'inputs', 'log', 'version'],
    packages: ['node:'],
  },
  runner: {
    owns: "a runner's commands, summary, cache and identity",
    rooms: ['conceal', 'errors', 'log', 'model', 'github', 'terminal/logger.ts', 'steps/verb.ts'],
    packages: ['node:', '@actions/core', '@actions/cache'],
  },
  cli: {
    owns: 'edge: the command line',
    rooms: ['catalog', 'conceal', 'proxy', 'errors', 'inputs', 'runner', 'terminal', 'version'],
    packages: ['node:'],
  },
  action: {
    owns: 'edge: inputs of an action in, outputs, summary, exit code out',
    rooms: ['catalog', 'conceal', 'credential-words', 'proxy', 'errors', 'github', 'inputs', 'runner', 'steps/verb.ts'],
    packages: ['@actions/core'],
    lazy: ['verbs', 'steps'],
  },
  index: { owns: 'the one entry of dist/', rooms: ['version'], packages: [], lazy: ['action', 'cli'] },
};

/** Folders inside rooms that know nothing of one another: the group in the pattern is the name that tells them apart. */
export interface Apart {
  rule: string;
  folders: RegExp;
  /** The files outside that may import them. */
  doors: RegExp;
}

export const apart: Apart[] = [
  {
    rule: 'a platform is imported by `targets/open.ts` alone, and by no other platform',
    folders: /^src\/targets\/([^/]+)\//,
    doors: /^src\/targets\/open\.ts$/,
  },
  {
    rule: 'a driver of a store is imported by `stores/open.ts` alone, and by no other driver',
    folders: /^src\/stores\/(azure|file|gcs|memory|s3)(?:\/|\.ts$)/,
    doors: /^src\/stores\/open\.ts$/,
  },
  {
    rule: "an adapter of the handler is imported by the bundle's entries alone: by no reader, and by no other adapter",
    folders: /^src\/handler\/platforms\/(aws|azure|google)\//,
    doors: /^src\/handler\/entries\//,
  },
  {
    rule: 'a reader of the handler is imported by `open-reader.ts` and by what writes objects, and by no other reader',
    folders: /^src\/handler\/readers\/(azure|file|gcs|https|s3)\.ts$/,
    doors: /^src\/handler\/(?:readers\/open-reader|objects\/(?:azure|file|gcs|s3))\.ts$/,
  },
  {
    rule: 'the grants of one cloud know nothing of those of another',
    folders: /^src\/iam\/(aws|azure|google)\//,
    doors: /^src\/iam\/iam\.ts$/,
  },
];

/** The rules in Markdown. @param table makes a table of a head and rows */
export function rulesText(table: (head: string[], rows: string[][]) => string): string {
  const code = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(', ');
  const rows = Object.entries(rooms).map(([name, room]) => [
    `\`${name}\``,
    room.owns,
    [code(room.rooms), room.lazy && `${code(room.lazy)} by \`import()\``].filter(Boolean).join('; '),
    code(room.packages),
  ]);
  const inside = apart.map(({ rule }) => `- ${rule[0]?.toUpperCase()}${rule.slice(1)}.`).join('\n');
  return `${table(['room', 'owns', 'imports of ours', 'imports of others'], rows)}\n\nInside rooms:\n\n${inside}`;
}
