// Sends a file at 100 MB a second, as the network of a function does. Prints its port.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';

const bytes = readFileSync(process.argv[2]);
const perSecond = 100e6;
const piece = 256 * 1024;

createServer(async (_request, response) => {
  response.writeHead(200, { 'content-length': bytes.byteLength });
  const started = performance.now();
  for (let at = 0; at < bytes.byteLength; at += piece) {
    if (!response.write(bytes.subarray(at, at + piece)))
      await new Promise((resolve) => response.once('drain', resolve));
    const due = started + ((at + piece) / perSecond) * 1000;
    const early = due - performance.now();
    if (early > 1) await new Promise((resolve) => setTimeout(resolve, early));
  }
  response.end();
})
  .listen(0, '127.0.0.1')
  .on('listening', function () {
    console.log(this.address().port);
  });
