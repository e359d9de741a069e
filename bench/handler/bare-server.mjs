// The least that a server with this session can do: JSON in, one run, JSON out. No checks, no log, no header of its own.
import { createServer } from 'node:http';
import ort from 'onnxruntime-node';

const session = await ort.InferenceSession.create(process.env.MODEL, JSON.parse(process.env.SESSION_OPTIONS));

const server = createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', async () => {
    const { inputs } = JSON.parse(Buffer.concat(chunks).toString());
    const feeds = {};
    for (const [name, { shape, dtype, data }] of Object.entries(inputs)) {
      feeds[name] = new ort.Tensor(dtype, Float32Array.from(data), shape);
    }
    const results = await session.run(feeds);
    const outputs = {};
    for (const [name, { dims, type, data }] of Object.entries(results)) {
      outputs[name] = { shape: dims, dtype: type, data: Array.from(data) };
    }
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ outputs }));
  });
});
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ event: 'listening', port: server.address().port })));
