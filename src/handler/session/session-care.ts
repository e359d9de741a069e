import type { Backoff } from '../model/backoff.ts';
import type { HostDeps } from '../model/host-deps.ts';
import { toLoadError } from '../model/load-error.ts';
import type { Resolved } from '../model/resolve.ts';
import type { ServedModel } from '../model/served-model.ts';
import type { LostSessions } from './lost-sessions.ts';
import type { Loss, OpenSession } from './session.ts';

export interface CareDeps extends Pick<HostDeps, 'note' | 'now'> {
  /** Of the model. */
  name: string;
  backoff: Backoff;
  /** Opens sessions in separate threads. */
  openApart: OpenSession;
  /** Serves the model no more. Returns whether it was the one that is served. */
  drop(model: ServedModel): boolean;
  /** Loads it again, where nothing else is served meanwhile. Throws LoadError. */
  bringBack(): Promise<void>;
}

/** In which thread the session of a served model is, and what is done when it is lost. */
export class SessionCare {
  /** What is to come back: its session was lost. */
  gone: Resolved | undefined;
  readonly #deps: CareDeps;
  #lost: LostSessions | undefined;
  #moving: Promise<void> | undefined;

  constructor(deps: CareDeps) {
    this.#deps = deps;
  }

  /** The model is served from here on. */
  attend(model: ServedModel): void {
    this.gone = undefined;
    this.#watch(model);
  }

  #watch(model: ServedModel): void {
    void model.session.lost?.then((loss) => this.#onLoss(model, loss));
  }

  /** Serves the version no more, and loads it again: at once, or under the back-off where it was lost just before. */
  async #onLoss(model: ServedModel, { error }: Loss): Promise<void> {
    const { name, note, backoff, now, drop, bringBack } = this.#deps;
    if (!drop(model)) return;
    this.gone = model.loaded.resolved;
    note('error', 'session-lost', { model: name, version: model.version, reason: error.message });
    const module = await import('./lost-sessions.ts');
    this.#lost ??= new module.LostSessions(backoff, now);
    this.#lost.lose();
    await this.#lost.recover(bringBack);
  }

  /**
   * Moves the runs of the first version from this thread, which handles health and signals, to a separate one. Runs
   * beside requests, and once. A model whose runs may never end is there from the start. Never rejects.
   */
  isolate(model: ServedModel): void {
    if (!model.session.lost) this.#moving ??= this.#move(model);
  }

  async #move(model: ServedModel): Promise<void> {
    const { name, note, openApart } = this.#deps;
    try {
      if (!(await model.move(openApart))) return;
      this.#watch(model);
      note('info', 'isolated', { model: name, version: model.version });
    } catch (error) {
      const reason = toLoadError(error, 'model-unusable', 'Opening it again failed').message;
      note('warn', 'not-isolated', { model: name, version: model.version, reason });
    }
  }

  /** When no session is being opened any more. */
  async idle(): Promise<void> {
    await this.#moving;
  }
}
