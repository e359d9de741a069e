import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ProcessId } from '../../src/targets/local/process-mark.ts';
import { lacksDebian, libraryFolders, unpackDebian } from './debian.ts';
import { folderOf, type Part } from './part.ts';
import { freePort, startDetached, stopProcess, untilAnswers } from './processes.ts';

/** A real cache to put in front of a store, as a CDN is. */
export const nginx: Part = {
  name: 'nginx',
  version: '1.22.1',
  from: 'Debian',
  lacks: lacksDebian,
  install: (folder) => unpackDebian(folder, ['nginx=1.22.1-*', 'nginx-common=1.22.1-*']),
};

export interface CacheOptions {
  /** Where it asks for what it does not have: an address, perhaps with a path that stands before all keys. */
  origin: string;
  /** By which the origin knows it. */
  headers?: Record<string, string>;
  /** Put behind each path that the origin is asked for. */
  query?: string;
}

/** Asks in slices, keeps what is missing for a while too, and says of each answer where it came from. */
const settings = (work: string, port: number, { origin, headers = {}, query }: CacheOptions): string => `
daemon off; master_process off; pid ${work}/pid; error_log stderr warn;
events { worker_connections 256; }
http {
  log_format line '$upstream_cache_status $status $request_uri $slice_range';
  access_log ${work}/access.log line;
  client_body_temp_path ${work}/body; proxy_temp_path ${work}/proxy; fastcgi_temp_path ${work}/f;
  uwsgi_temp_path ${work}/u; scgi_temp_path ${work}/s;
  proxy_cache_path ${work}/cache keys_zone=versions:1m use_temp_path=off;
  server {
    listen 127.0.0.1:${port};
    location / {
      slice 1m;
      proxy_pass ${origin.replace(/\/$/, '')}$request_path${query ? `?${query}` : ''};
      proxy_http_version 1.1;
      proxy_set_header Range $slice_range;
      proxy_set_header Connection "";
${Object.entries(headers)
  .map(([name, value]) => `      proxy_set_header ${name} "${value}";`)
  .join('\n')}
      proxy_cache versions; proxy_cache_key $uri$slice_range; proxy_cache_lock on;
      proxy_cache_valid 200 206 404 1h;
      proxy_ignore_headers Cache-Control Expires Set-Cookie Vary;
      add_header X-Cache $upstream_cache_status always;
    }
  }
  map $request_uri $request_path { ~^(?<path>[^?]*) $path; }
}
`;

/** One nginx, with a cache of its own in `work`, which is empty. */
export class CacheServer {
  readonly endpoint: string;
  readonly #work: string;
  readonly #port: number;
  #process: ProcessId | undefined;

  private constructor(work: string, port: number) {
    this.#work = work;
    this.#port = port;
    this.endpoint = `http://127.0.0.1:${port}`;
  }

  static async start(work: string, options: CacheOptions): Promise<CacheServer> {
    mkdirSync(join(work, 'cache'), { recursive: true });
    const port = await freePort();
    writeFileSync(join(work, 'nginx.conf'), settings(work, port, options));
    const server = new CacheServer(work, port);
    await server.up();
    return server;
  }

  /** Starts it again with what it has in its cache. */
  async up(): Promise<void> {
    const folder = folderOf(nginx);
    const log = join(this.#work, 'log');
    const env = { LD_LIBRARY_PATH: libraryFolders(folder).join(':') };
    const args = ['-e', 'stderr', '-p', this.#work, '-c', join(this.#work, 'nginx.conf')];
    this.#process = startDetached(join(folder, 'usr/sbin/nginx'), args, { cwd: this.#work, log, env });
    await untilAnswers(`http://127.0.0.1:${this.#port}/up`, { process: this.#process, log });
  }

  async stop(): Promise<void> {
    if (this.#process) await stopProcess(this.#process);
  }

  /** What it was asked for below the path, a line each: MISS or HIT, status, path, slice. */
  lines(path: string): string[] {
    const lines = readFileSync(join(this.#work, 'access.log'), 'utf8').trim().split('\n');
    return lines.filter((line) => line.split(' ')[2]?.includes(path));
  }

  /** Files of its cache. */
  get folder(): string {
    return join(this.#work, 'cache');
  }
}
