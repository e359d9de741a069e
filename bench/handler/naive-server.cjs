// What tutorials show: the package from node_modules, the model read into a Buffer, all options as they come.
const { readFile } = require('node:fs/promises');
const http = require('node:http');
const ort = require('onnxruntime-node');

const arrays = { float32: Float32Array.from, int64: (data) => BigInt64Array.from(data, BigInt) };

async function main() {
  const session = await ort.InferenceSession.create(await readFile(process.env.MODEL));

  const infer = async (body) => {
    const feeds = {};
    for (const [name, { dtype, shape, data }] of Object.entries(JSON.parse(body).inputs)) {
      feeds[name] = new ort.Tensor(
        dtype,
        arrays[dtype].call(dtype === 'float32' ? Float32Array : BigInt64Array, data),
        shape,
      );
    }
    const results = await session.run(feeds);
    const outputs = {};
    for (const [name, { dims, type, data }] of Object.entries(results)) {
      outputs[name] = { shape: dims, dtype: type, data: Array.from(data, type === 'int64' ? String : undefined) };
    }
    return JSON.stringify({ outputs });
  };

  const server = http.createServer((request, response) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', async () => {
      try {
        const answer = await infer(Buffer.concat(chunks).toString());
        response.setHeader('content-type', 'application/json');
        response.end(answer);
      } catch (error) {
        response.statusCode = 500;
        response.end(String(error));
      }
    });
  });
  server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ event: 'listening', port: server.address().port })));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
