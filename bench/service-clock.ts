/** Time in which something is at the service, ms: a stand-in unpacks, checks and starts what a cloud would, in this very process. */
export class ServiceClock {
  ms = 0;
  #open = 0;
  #since = 0;

  /** Returns nothing, as a stand-in's `fault` does for a call that goes well. */
  enter(): undefined {
    if (this.#open++ === 0) this.#since = performance.now();
  }

  leave(): void {
    if (--this.#open === 0) this.ms += performance.now() - this.#since;
  }
}
