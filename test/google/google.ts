import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LoopbackServer, type Surface } from '../fakes/clouds/loopback.ts';
import { removeTree } from '../fakes/clouds/read-only-folders.ts';
import { GoogleContext } from './context.ts';
import { Contract } from './contract.ts';
import { credentialSurface, credentialsFile, type LogIn, tokenSurface } from './credentials.ts';
import { Edge } from './edge/edge.ts';
import { Sources } from './edge/source.ts';
import { Eventarc } from './eventarc.ts';
import type { Knobs } from './knobs.ts';
import { Logs, loggingSurface } from './logs.ts';
import { monitoringSurface } from './monitoring.ts';
import { PubSub } from './pubsub/pubsub.ts';
import { CloudRun } from './run/cloud-run.ts';
import { filesOf, type Images } from './run/files.ts';
import { runSurface } from './run/surface.ts';
import { serviceUsageSurface } from './service-usage.ts';
import { Buckets } from './storage/buckets.ts';
import { storageSurface } from './storage/surface.ts';

/*
 * A stand-in for Google Cloud, not an emulator of it: stricter than the real one, so that what passes here has a chance
 * there. What it cannot tell is in docs/testing.md.
 *
 * Each API is a surface with an address of its own, to which a variable of gcloud's points. To add one:
 *   1. put its discovery document into contracts/, reduced as contracts/README.md says;
 *   2. write `(google: Google) => apiSurface(google.context, { name, contract, methods })`: `methods` has, by the document's
 *      method ids, what the caller needs (`needs`) and the answer (`answer`, which throws ApiError). Requests, query
 *      parameters and answers are held to the document; calls are recorded; faults and denials come by themselves;
 *   3. add it to `usual` below, or give it to `openGoogle({ surfaces: [mine] })`. Its variable is
 *      CLOUDSDK_API_ENDPOINT_OVERRIDES_<name>.
 * An API without a document (Cloud Storage, registries) is a Surface with a `serve` of its own: see storage/surface.ts.
 * What serves callers instead of the product, such as a gateway's address, is a LoopbackServer: see edge/edge.ts.
 */
export type SurfaceMaker = (google: Google) => Surface;

export interface GoogleOptions {
  knobs?: Partial<Knobs>;
  /** Buckets that are there. Default `models`. */
  buckets?: string[];
  /** More APIs. */
  surfaces?: SurfaceMaker[];
  /** What images there are, by the reference that a template names them by. */
  images?: Images;
  now?: () => Date;
}

const usual: SurfaceMaker[] = [
  ({ run }) => runSurface(run, Contract.read('run.v2.json')),
  ({ context }) => tokenSurface(context),
  ({ context }) => credentialSurface(context, Contract.read('iamcredentials.v1.json')),
  ({ context, logs }) => loggingSurface(context, Contract.read('logging.v2.json'), logs),
  ({ context }) => serviceUsageSurface(context, Contract.read('serviceusage.v1.json')),
  ({ eventarc }) => eventarc.surface(Contract.read('eventarc.v1.json')),
  ({ pubsub }) => pubsub.surface(pubsubContract()),
  (google) => monitoringSurface(google, Contract.read('monitoring.v3.json')),
  ({ context }) => ({
    name: 'CERTS',
    serve: async () => ({ status: 200, body: JSON.stringify(context.iam.certificates) }),
  }),
  ({ context, buckets }) => storageSurface(context, buckets, () => pipelineOf(context)),
];

const pubsubContract = (): Contract => Contract.read('pubsub.v1.json');

/** The account of the pipeline, which may do everything until a test says otherwise. */
const pipelineOf = ({ project }: GoogleContext): string => `coldgate-pipeline@${project}.iam.gserviceaccount.com`;

/** One project on Google Cloud, on loopback. */
export class Google {
  readonly context: GoogleContext;
  readonly buckets: Buckets;
  readonly logs: Logs;
  readonly edge: Edge;
  readonly run: CloudRun;
  readonly eventarc: Eventarc;
  readonly pubsub: PubSub;
  readonly sources: Sources;
  readonly #servers = new Map<string, LoopbackServer>();

  private constructor({ knobs = {}, buckets = ['models'], images = new Map(), now }: GoogleOptions) {
    this.context = new GoogleContext(mkdtempSync(join(tmpdir(), 'coldgate-google-')), knobs, now);
    const { context } = this;
    this.buckets = new Buckets(context.now);
    this.logs = new Logs(context);
    this.edge = new Edge(context);
    this.sources = new Sources(context.scratch);
    const files = filesOf(context, this.buckets, this.sources, images);
    this.run = new CloudRun(context, this.edge, files, (...line) => this.logs.add(...line));
    this.eventarc = new Eventarc(context, this.buckets, this.run);
    this.pubsub = new PubSub(context);
    context.iam.grant(this.eventarc.storageAgent, ['pubsub.topics.publish'], `projects/${context.project}`, 0);
    context.iam.grant(this.pipeline, 'all', '*', 0);
    context.iam.grant(principalOfJob(context), ['iam.serviceAccounts.getAccessToken'], '*', 0);
    for (const bucket of buckets) this.createBucket(bucket);
  }

  static async open(options: GoogleOptions = {}): Promise<Google> {
    const google = new Google(options);
    for (const make of [...usual, ...(options.surfaces ?? [])]) {
      const surface = make(google);
      google.#servers.set(surface.name, await LoopbackServer.openSurface(surface));
    }
    return google;
  }

  /** The service account that the product calls as. */
  get pipeline(): string {
    return pipelineOf(this.context);
  }

  get project(): { id: string; number: string } {
    return { id: this.context.project, number: this.context.number };
  }

  get knobs(): Knobs {
    return this.context.knobs;
  }

  /** The address of an API, without a slash at its end. */
  urlOf(surface: string): string {
    const found = this.#servers.get(surface);
    if (!found) throw new Error(`no surface ${surface}`);
    return found.url;
  }

  /** What points the product and its processes here, as the variables of gcloud and of Google's libraries do. */
  get environment(): Record<string, string> {
    return this.environmentAs({ subject, account: this.pipeline });
  }

  /** As `environment`, logged in as someone else. */
  environmentAs(logIn: LogIn): Record<string, string> {
    const { sts, iamcredentials } = { sts: this.urlOf('STS'), iamcredentials: this.urlOf('IAMCREDENTIALS') };
    const endpoints = [...this.#servers]
      .filter(([name]) => !/^(?:STS|CERTS|STORAGE|PUBSUB as)\b/.test(name))
      .map(([name, { url }]) => [`CLOUDSDK_API_ENDPOINT_OVERRIDES_${name}`, `${url}/`]);
    return {
      ...(Object.fromEntries(endpoints) as Record<string, string>),
      STORAGE_EMULATOR_HOST: this.urlOf('STORAGE'),
      GOOGLE_APPLICATION_CREDENTIALS: credentialsFile(this.context, logIn, { sts, iamcredentials }),
      GOOGLE_CLOUD_PROJECT: this.context.project,
      CLOUDSDK_CONFIG: '/dev/null',
      METADATA_SERVER_DETECTION: 'none',
    };
  }

  /** The calls since the last time this was asked. */
  calls(): GoogleContext['calls'] {
    return this.context.calls.splice(0);
  }

  /** What broke the contract since the last time this was asked; `close` throws where any is left. */
  violations(): string[] {
    return this.context.violations.splice(0);
  }

  /** Ends every instance that serves nothing: the next request of each revision is a cold start. */
  async stopIdle(): Promise<void> {
    const services = [...this.run.services.values()];
    await Promise.all(services.flatMap((one) => [...one.revisions.values()].map(({ pool }) => pool?.stopIdle())));
  }

  /** A bucket of this project, whose objects the service agent may read; `buckets.create` makes one of another project. */
  createBucket(bucket: string): void {
    this.buckets.create(bucket);
    this.context.iam.grant(this.context.iam.serviceAgent, ['storage.objects.get'], `projects/_/buckets/${bucket}`, 0);
  }

  /**
   * Cloud Storage's address for someone else than the pipeline: requests come without a token, so the address tells who it
   * is. For functions: their account needs grants of its own.
   */
  async storageAs(email: string): Promise<string> {
    const name = `STORAGE as ${email}`;
    const surface = storageSurface(this.context, this.buckets, () => email);
    if (!this.#servers.has(name)) this.#servers.set(name, await LoopbackServer.openSurface(surface));
    return this.urlOf(name);
  }

  /** The same for Pub/Sub, as PUBSUB_EMULATOR_HOST has it. */
  async pubsubAs(email: string): Promise<string> {
    const name = `PUBSUB as ${email}`;
    const { serve } = this.pubsub.surface(pubsubContract());
    const as = (): string => `Bearer ${this.context.iam.accessToken(email)}`;
    const surface: Surface = {
      name,
      serve: (incoming) => serve({ ...incoming, headers: { ...incoming.headers, authorization: as() } }),
    };
    if (!this.#servers.has(name)) this.#servers.set(name, await LoopbackServer.openSurface(surface));
    return this.urlOf(name);
  }

  /** The platform changes something of a service by itself: its etag moves. */
  bump(service: string): void {
    for (const one of this.run.services.values()) if (one.id === service) one.version = this.context.version();
  }

  /** Whoever asks, this permission is refused, until it is allowed again. */
  deny(permission: string): void {
    this.context.iam.denied.add(permission);
  }

  allow(permission: string): void {
    this.context.iam.denied.delete(permission);
  }

  /** Throws for violations that nobody has asked for. */
  async close(): Promise<void> {
    await this.pubsub.close();
    await this.run.close();
    for (const what of this.sources.changes()) this.context.violation(what);
    await this.edge.close();
    await Promise.all([...this.#servers.values()].map((server) => server.close()));
    removeTree(this.context.scratch);
    const left = this.violations();
    if (left.length > 0) throw new Error(`Google would not have taken this:\n${left.join('\n')}`);
  }
}

const subject = 'repo:acme/models:ref:refs/heads/main';
const principalOfJob = (context: GoogleContext): string =>
  `principal://iam.googleapis.com/projects/${context.number}/locations/global/workloadIdentityPools/github/subject/${subject}`;

/** Opens a project; `close` it. */
export const openGoogle = (options: GoogleOptions = {}): Promise<Google> => Google.open(options);
