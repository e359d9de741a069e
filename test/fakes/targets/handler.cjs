// A function that keeps the HTTP contract of the real handler without a runtime, and breaks it on demand: the variable
// FAKE names what goes wrong. Its model file is JSON: {"factor": 2} makes y = 2x.
const { createHash, randomUUID } = require('node:crypto');
const { appendFileSync, existsSync, readFileSync, writeFileSync } = require('node:fs');
const { createServer } = require('node:http');
const { join } = require('node:path');

const { env } = process;
const faults = new Set((env.FAKE ?? '').split(','));
// Cloud Run says by PORT where it expects a function.
const port = Number(env.PORT ?? process.argv[process.argv.indexOf('--port') + 1]);
const model = join(env.MODEL_PREFIX, env.MODEL_NAME);
let instance = randomUUID();
let cold = true;
// As a package of Coldgate's says it.
const digestFile = join(__dirname, 'package-digest.txt');
const digest = existsSync(digestFile) ? { package_digest: readFileSync(digestFile, 'utf8').trim() } : {};

const read = (...path) => JSON.parse(readFileSync(join(model, ...path), 'utf8'));

function load() {
  const version = env.MODEL_VERSION ?? read(env.MODEL_POINTER ?? 'current.json').version;
  const manifest = read('versions', version, 'manifest.json');
  const bytes = readFileSync(join(model, 'versions', version, manifest.model));
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { name: env.MODEL_NAME, version, sha256, factor: JSON.parse(bytes).factor };
}

function warm() {
  const { factor: _, ...found } = load();
  const wasCold = cold && !faults.has('not-cold');
  cold = false;
  if (env.MODEL_CACHE && !existsSync(env.MODEL_CACHE)) appendFileSync('/dev/stderr', 'no cache folder\n');
  const timings = {
    init_ms: 1,
    import_ms: 2,
    fetch_ms: 3,
    verify_ms: 0,
    session_ms: 4,
    model_loaded_ms: 7,
    first_run_ms: 1,
  };
  return {
    status: 'ok',
    cold_start: wasCold,
    instance_id: faults.has('other-instance') ? randomUUID() : instance,
    revision: faults.has('other-revision') ? 'somebody-else' : env.COLDGATE_REVISION,
    pid: process.pid,
    model: faults.has('other-version') ? { ...found, version: '9.9.9' } : found,
    sample: faults.has('sample-mismatch') ? 'mismatch' : 'ok',
    variables: Object.keys(env).sort(),
    ...(faults.has('refuses-pointer') && { pointer: { status: 'failed', code: 'checksum-mismatch' } }),
    timings: faults.has('no-timings') ? undefined : timings,
  };
}

function answer(method, url, body) {
  if (method === 'GET' && url === '/v1/health?warm=true') {
    if (faults.has('not-loadable'))
      return [503, { error: { code: 'checksum-mismatch', message: 'Not the published bytes.' } }];
    // As long as there is a marker file: rights that are not there yet, or no more.
    if (faults.has('deniable') && existsSync(join(model, 'denied')))
      return [503, { error: { code: 'store-denied', message: 'The function may not read the model from its store.' } }];
    // Once per marker file: a process that went bad after it had proven itself.
    if (faults.has('spoilable') && existsSync(join(model, 'spoiled'))) return [500, 'spoiled'];
    return [200, warm()];
  }
  if (method === 'GET' && url === '/v1/health') {
    const own = { instance_id: instance, revision: env.COLDGATE_REVISION, pid: process.pid };
    return [200, { status: 'ok', ...own, ...digest }];
  }
  if (method !== 'POST' || url !== '/v1/infer') return [404, { error: { code: 'not-found', message: url } }];
  if (faults.has('infer-fails'))
    return [400, { error: { code: 'bad-input', message: 'inputs.x: expected 3 numbers.' } }];
  const { factor, ...found } = load();
  const y = JSON.parse(body).inputs.x.map((value) => value * factor + (faults.has('wrong-output') ? 1 : 0));
  return [
    200,
    { outputs: { y }, model: found },
    { 'x-coldgate-version': found.version, 'x-coldgate-sha256': found.sha256 },
  ];
}

if (faults.has('same-instance')) {
  const path = join(model, 'instance');
  if (existsSync(path)) instance = readFileSync(path, 'utf8');
  else writeFileSync(path, instance);
}
if (faults.has('crash')) {
  console.log('about to fail');
  console.error('Error: no model for you');
  process.exit(3);
}
if (faults.has('ignore-sigterm')) process.on('SIGTERM', () => {});

const server = createServer((request, response) => {
  let body = '';
  request.on('data', (chunk) => {
    body += chunk;
  });
  request.on('end', () => {
    if (faults.has('hang') && request.url.includes('warm')) return;
    if (faults.has('crash-on-warm') && request.url.includes('warm')) process.exit(4);
    const [status, document, headers = {}] = answer(request.method, request.url, body);
    console.log(JSON.stringify({ event: 'request', url: request.url, status }));
    response.writeHead(status, { 'content-type': 'application/json', 'x-coldgate-instance': instance, ...headers });
    const ends = env.COLDGATE_END_KEY && request.headers['x-coldgate-end'] === env.COLDGATE_END_KEY;
    if (ends && !faults.has('never-ends')) response.once('finish', () => process.exit(0));
    response.end(JSON.stringify(document));
  });
});
server.on('error', (error) => {
  console.log(JSON.stringify({ event: 'start-failed', message: error.message }));
  process.exit(2);
});
// An adapter that is no server of its own calls it in its own way.
if (require.main !== module) module.exports = { answer, faults, instance };
else if (faults.has('never-listens')) setInterval(() => {}, 1000);
else {
  server.listen(port, env.K_SERVICE ? '0.0.0.0' : '127.0.0.1', () => {
    console.log(JSON.stringify({ event: 'listening', port: server.address().port, instance_id: instance }));
  });
}
