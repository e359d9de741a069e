// The least that Node and the runtime need for a first answer: the native half called directly, the form of the model
// that starts soonest, the very options of the handler. No store, no checksum, no check of a request, no log.
const http = require('node:http');

class NativeTensor {
  location = 'cpu';

  constructor(type, data, dims) {
    Object.assign(this, { type, data, dims });
  }
}

const server = http.createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    const feeds = {};
    for (const [name, { dtype, shape, data }] of Object.entries(JSON.parse(Buffer.concat(chunks).toString()).inputs)) {
      const elements = dtype === 'int64' ? BigInt64Array.from(data, BigInt) : Float32Array.from(data);
      feeds[name] = new NativeTensor(dtype, elements, shape);
    }
    const outputs = {};
    for (const [name, { type, dims, data }] of Object.entries(session.run(feeds, wanted, {}))) {
      outputs[name] = { shape: dims, dtype: type, data: Array.from(data, type === 'int64' ? String : undefined) };
    }
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ outputs }));
  });
});
server.on('listening', () => {
  process.stdout.write(`${JSON.stringify({ event: 'listening', port: server.address().port })}\n`);
});
// What `listen` comes down to for a plain address.
server._listen2('127.0.0.1', 0, 4, 511);

const loaded = { exports: {} };
process.dlopen(loaded, process.env.BINDING);
loaded.exports.initOrtOnce(3, NativeTensor, true);
const session = new loaded.exports.InferenceSession();
session.loadModel(process.env.MODEL, JSON.parse(process.env.SESSION_OPTIONS));
const wanted = Object.fromEntries(session.outputMetadata.map(({ name }) => [name, null]));
