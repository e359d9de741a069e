import type { Manifest } from '../../model/manifest.ts';
import { sinceStart } from '../clock.ts';
import type { Reader } from '../readers/reader.ts';
import type { OptionalRuns } from '../session/optional-runs.ts';
import type { OpenSession, Session, Signature, Tensors } from '../session/session.ts';
import type { HandlerTimings } from '../timings.ts';
import type { LoadedModel } from './load-model.ts';
import type { Proven } from './own-proof.ts';

/** Read when a sample is asked for, which a start does not do. */
const goldenSample = () => import('./golden-sample.ts');

export interface Retirement {
  /** Runs once the model is closed. */
  afterwards?: () => Promise<void>;
  /** Called with what could not be closed or cleaned up. */
  failed(error: unknown): void;
}

/** A loaded version while requests use it. It is closed when it has been replaced and the last request let go. */
export class ServedModel {
  readonly loaded: LoadedModel;
  readonly #reader: Reader;
  #session: Session;
  readonly #runs: number[] = [];
  #users = 0;
  #retired: Retirement | undefined;
  #proven: Promise<Proven> | undefined;
  #declared: Promise<Signature | undefined> | undefined;
  #optional: Promise<OptionalRuns> | undefined;

  constructor(loaded: LoadedModel, reader: Reader) {
    this.loaded = loaded;
    this.#session = loaded.session;
    this.#reader = reader;
  }

  get session(): Session {
    return this.#session;
  }

  get name(): string {
    return this.loaded.resolved.name;
  }

  get version(): string {
    return this.loaded.resolved.version;
  }

  get sha256(): string {
    return this.loaded.sha256;
  }

  get timings(): HandlerTimings {
    const [first, second] = this.#runs;
    return {
      ...this.loaded.timings,
      ...(first !== undefined && { first_run_ms: first }),
      ...(second !== undefined && { second_run_ms: second }),
    };
  }

  run(feeds: Tensors, outputs?: readonly string[]): Promise<Tensors> {
    // The session shows required inputs alone.
    if (feeds.size > this.session.inputs.length) return this.#runOptional(feeds, outputs);
    return this.#runs.length < 2 ? this.#timedRun(feeds, outputs) : this.session.run(feeds, outputs);
  }

  async #timedRun(feeds: Tensors, outputs?: readonly string[]): Promise<Tensors> {
    const started = sinceStart();
    const found = await this.session.run(feeds, outputs);
    if (this.#runs.length < 2) this.#runs.push(sinceStart() - started);
    return found;
  }

  async #runOptional(feeds: Tensors, outputs?: readonly string[]): Promise<Tensors> {
    this.#optional ??= this.#openOptional();
    return (await this.#optional).run(feeds, outputs);
  }

  /**
   * Opens the model once more and continues with that session; closes the one before. Returns false for a model that is
   * retired meanwhile, which stays as it is. Throws LoadError.
   */
  async move(open: OpenSession): Promise<boolean> {
    const { file, threads } = this.loaded;
    this.acquire();
    try {
      const next = await open(file, threads);
      const old = this.#session;
      // The one that is not needed goes.
      if (!this.#retired) this.#session = next;
      await (this.#retired ? next : old).close();
      return this.#session === next;
    } finally {
      await this.release();
    }
  }

  async #openOptional(): Promise<OptionalRuns> {
    const { inputs } = (await this.declared()) ?? this.session;
    return this.loaded.optionalRuns(inputs.filter(({ optional }) => optional).map(({ name }) => name));
  }

  /**
   * Runs the golden sample, or what stands in for it, twice, once in the version's life: so the first two runs are known
   * and proven.
   */
  prove(): Promise<Proven> {
    this.#proven ??= this.#prove().catch((error: unknown) => {
      this.#proven = undefined;
      throw error;
    });
    return this.#proven;
  }

  async #prove(): Promise<Proven> {
    const { proveVersion } = await import('./own-proof.ts');
    const { resolved } = this.loaded;
    const run = (feeds: Tensors) => this.run(feeds);
    const { manifest } = this;
    const signature = (await this.declared()) ?? this.session;
    const { task } = this.loaded;
    const ask =
      task && (await import('../task/ask-task.ts')).askWith(task, (feeds, outputs) => this.run(feeds, outputs));
    return proveVersion({ reader: this.#reader, resolved, signature, manifest, run, ask });
  }

  /** What the version declares beyond what the session shows; undefined where that is all. */
  declared(): Promise<Signature | undefined> {
    this.#declared ??= this.#readDeclared();
    return this.#declared;
  }

  async #readDeclared(): Promise<Signature | undefined> {
    const { declaredSignature } = await import('./declared-signature.ts');
    return declaredSignature(this.session, this.manifest);
  }

  /** The version's golden sample as JSON, if it has one. Throws LoadError. */
  async sample(): Promise<unknown> {
    const { readSample } = await goldenSample();
    return readSample(this.#reader, this.loaded.resolved);
  }

  /** Verified with the load; undefined with MODEL_URI, where there is none. */
  get manifest(): Manifest | undefined {
    return this.loaded.resolved.manifest;
  }

  acquire(): void {
    this.#users++;
  }

  /** Something to wait for only where this was the last request of a version that has been replaced. */
  release(): Promise<void> | undefined {
    this.#users--;
    return this.#retired && this.#closeIfDone();
  }

  /** No new request will take this one; it is closed after the last one. Never rejects. */
  async retire(retirement: Retirement): Promise<void> {
    this.#retired = retirement;
    await this.#closeIfDone();
  }

  async #closeIfDone(): Promise<void> {
    const retirement = this.#retired;
    if (!retirement || this.#users > 0) return;
    this.#retired = undefined;
    try {
      await this.session.close();
      await (await this.#optional)?.close();
      await retirement.afterwards?.();
    } catch (error) {
      // The last request has a response to send, and the next version serves already.
      retirement.failed(error);
    }
  }
}
