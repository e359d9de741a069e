/** How many pieces may be on their way. */
export interface FlightLimits {
  /** Bytes of a piece of the usual size. */
  pieceBytes: number;
  /** Pieces of that size at the same time; fewer of larger ones, so that memory stays bounded. */
  parallel: number;
}

/** Pieces of an upload that are on their way side by side. */
export class InFlight {
  readonly #limits: FlightLimits;
  readonly #send: (index: number, piece: Uint8Array) => Promise<void>;
  readonly #flight = new Set<Promise<void>>();
  #index = 0;
  #failure: { thrown: unknown } | undefined;

  /** `send` gets each piece with its place in the order, from 0. */
  constructor(limits: FlightLimits, send: (index: number, piece: Uint8Array) => Promise<void>) {
    this.#limits = limits;
    this.#send = send;
  }

  /** Waits until there is room, then lets the piece go. Throws what an earlier one failed with. */
  async add(piece: Uint8Array): Promise<void> {
    const { pieceBytes, parallel } = this.#limits;
    const room = Math.max(1, Math.floor((parallel * pieceBytes) / piece.byteLength));
    while (this.#flight.size >= Math.min(room, parallel)) await Promise.race(this.#flight);
    if (this.#failure) throw this.#failure.thrown;
    const sent: Promise<void> = this.#send(this.#index, piece)
      .catch((thrown) => {
        this.#failure ??= { thrown };
      })
      .then(() => {
        this.#flight.delete(sent);
      });
    this.#index += 1;
    this.#flight.add(sent);
  }

  /** Waits for all. Throws what the first to fail failed with. */
  async end(): Promise<void> {
    await this.settle();
    if (this.#failure) throw this.#failure.thrown;
  }

  /** Waits for all, whatever becomes of them. */
  async settle(): Promise<void> {
    await Promise.all(this.#flight);
  }
}
