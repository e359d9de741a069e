import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, request, type ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { HttpProxy } from '../fakes/processes/proxy.ts';
import { newCertificate } from '../fakes/stores/certificate.ts';
import { RegistryBed } from './registry-bed.ts';

/**
 * Artifact Registry under its own name and over TLS: a proxy of the environment leads there, as one does in companies. It
 * gives tokens to who brings an access token of Google's, and hands the rest on to crane's registry.
 */
export class ArtifactRegistry {
  readonly host = 'europe-west1-docker.pkg.dev';
  /** `METHOD path` of what came with a token. */
  readonly requests: string[] = [];
  /** Whether an access token is one. */
  isToken: (token: string) => boolean = () => false;
  readonly #bed: RegistryBed;
  readonly #server: Server;
  readonly #ca: string;
  #proxy: HttpProxy | undefined;

  private constructor(bed: RegistryBed) {
    this.#bed = bed;
    const certificate = newCertificate(`DNS:${this.host}`);
    this.#ca = join(bed.folder, 'ca.pem');
    writeFileSync(this.#ca, certificate.cert);
    this.#server = createServer(certificate, (incoming, response) => this.#serve(incoming, response));
  }

  static async open(): Promise<ArtifactRegistry> {
    const made = new ArtifactRegistry(await RegistryBed.open());
    await new Promise<void>((resolve) => made.#server.listen(0, '127.0.0.1', resolve));
    const { port } = made.#server.address() as AddressInfo;
    made.#proxy = await HttpProxy.open(new Map([[`${made.host}:443`, `127.0.0.1:${port}`]]));
    return made;
  }

  /** By which a process finds it and nothing else of the Internet. */
  get environment(): Record<string, string> {
    return { HTTPS_PROXY: this.#proxy?.url ?? '', NO_PROXY: '127.0.0.1,localhost', NODE_EXTRA_CA_CERTS: this.#ca };
  }

  /** The files of an image, in a folder of its own. */
  unpacked(reference: string): string {
    const folder = mkdtempSync(join(this.#bed.folder, 'image-'));
    mkdirSync(folder, { recursive: true });
    this.#bed.crane('export', this.#direct(reference), join(folder, 'all.tar'));
    spawnSync('tar', ['-xf', join(folder, 'all.tar'), '-C', folder]);
    return folder;
  }

  validate(reference: string): void {
    this.#bed.crane('validate', '--remote', this.#direct(reference));
  }

  async close(): Promise<void> {
    this.#proxy?.close();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    await this.#bed.close();
  }

  #direct(reference: string): string {
    return this.#bed.direct(reference.replace(this.host, this.#bed.front.host));
  }

  #serve(incoming: IncomingMessage, response: ServerResponse): void {
    const { method = '', url = '', headers } = incoming;
    if (url.startsWith('/v2/token')) {
      const basic = Buffer.from((headers.authorization ?? '').replace(/^Basic /, ''), 'base64').toString();
      const [, token = ''] = /^oauth2accesstoken:(.+)$/.exec(basic) ?? [];
      if (!this.isToken(token)) return void response.writeHead(401).end();
      return void response.end(JSON.stringify({ token: 'a-token' }));
    }
    if (headers.authorization !== 'Bearer a-token') {
      incoming.resume();
      const challenge = `Bearer realm="https://${this.host}/v2/token",service="${this.host}"`;
      return void response.writeHead(401, { 'www-authenticate': challenge }).end();
    }
    this.requests.push(`${method} ${url}`);
    const to = new URL(`http://${this.#bed.direct(this.#bed.front.host)}${url}`);
    const { authorization: _, host: __, ...others } = headers;
    const onward = request(to, { method, headers: others }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    incoming.pipe(onward);
  }
}
