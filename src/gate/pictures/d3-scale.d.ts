/** The part of d3-scale that the picture uses; the package ships no types. */
declare module 'd3-scale' {
  export interface LinearScale {
    (value: number): number;
    domain(bounds: readonly [number, number]): this;
    domain(): [number, number];
    range(bounds: readonly [number, number]): this;
    range(): [number, number];
    /** Extends the domain to round numbers. */
    nice(count?: number): this;
    /** Values outside the domain land on its edge. */
    clamp(on: boolean): this;
    ticks(count?: number): number[];
  }
  export function scaleLinear(): LinearScale;
}
