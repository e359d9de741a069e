import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dist } from '../processes/runner.ts';

/** Answers 500 to everything while the file `broken` of the store names the version that is live. */
const breakable = `const { readFileSync } = require('node:fs');
const { Server } = require('node:http');
const { MODEL_PREFIX, MODEL_NAME } = process.env;
const read = (path) => { try { return readFileSync(MODEL_PREFIX + '/' + path, 'utf8'); } catch { return ''; } };
const emit = Server.prototype.emit;
Server.prototype.emit = function (event, request, response, ...more) {
  if (event !== 'request') return emit.call(this, event, request, response, ...more);
  const broken = read('broken');
  const { version } = JSON.parse(read(MODEL_NAME + '/current.json') || '{}');
  if (broken === '' || broken !== version) return emit.call(this, event, request, response, ...more);
  response.writeHead(500, { 'content-type': 'application/json' });
  return response.end('{"error":{"code":"broken","message":"It broke after the flip."}}') && true;
};
`;

/** A copy of dist's handler that breaks when it is told to; for HANDLER_DIST. Another note gives another package. */
export function breakableHandler(folder: string, note = ''): string {
  const handler = join(folder, 'handler');
  mkdirSync(folder, { recursive: true });
  cpSync(join(dist, 'handler'), handler, { recursive: true });
  const entry = join(handler, 'node.cjs');
  writeFileSync(entry, `// ${note}\n${breakable}${readFileSync(entry, 'utf8')}`);
  return folder;
}
