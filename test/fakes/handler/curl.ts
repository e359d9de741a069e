/**
 * Stands in for curl where there is none, with what docs/handler.md uses of it: -s, -I, -X, -H, -d, --data-binary @file,
 * -D -, -o file and --compressed.
 */
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    silent: { type: 'boolean', short: 's' },
    head: { type: 'boolean', short: 'I' },
    request: { type: 'string', short: 'X' },
    header: { type: 'string', short: 'H', multiple: true },
    data: { type: 'string', short: 'd' },
    'data-binary': { type: 'string' },
    'dump-header': { type: 'string', short: 'D' },
    output: { type: 'string', short: 'o' },
    compressed: { type: 'boolean' },
  },
});
const binary = values['data-binary'];
const body = binary === undefined ? values.data : readFileSync(binary.replace(/^@/, ''));
const method = values.request ?? (values.head ? 'HEAD' : body === undefined ? 'GET' : 'POST');
const headers = (values.header ?? []).map((line) => /^([^:]+):\s*(.*)$/.exec(line)!.slice(1) as [string, string]);
const accepted = values.compressed ? { 'accept-encoding': 'deflate, gzip, br' } : {};
const request = httpRequest(positionals[0]!, { method, headers: { ...accepted, ...Object.fromEntries(headers) } });
request.end(body);
const [response] = (await once(request, 'response')) as [IncomingMessage];
const sent = await buffer(response);
const bytes = response.headers['content-encoding'] === 'gzip' ? gunzipSync(sent) : sent;
if (values.head || values['dump-header'] === '-') {
  const raw = response.rawHeaders;
  const lines = raw.flatMap((name, at) => (at % 2 === 0 ? `${name}: ${raw[at + 1]}` : []));
  const first = `HTTP/${response.httpVersion} ${response.statusCode} ${response.statusMessage}`;
  process.stdout.write(`${[first, ...lines].join('\r\n')}\r\n\r\n`);
}
if (values.output === undefined) process.stdout.write(bytes);
else writeFileSync(values.output, bytes);
