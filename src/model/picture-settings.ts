/** Filters of Pillow, with its antialiasing. */
export const resampleFilters = ['nearest', 'box', 'bilinear', 'hamming', 'bicubic', 'lanczos'] as const;
export type Resample = (typeof resampleFilters)[number];

export interface Size {
  height: number;
  width: number;
}

/** How a picture becomes the tensor that a model takes, in this order. Pixels are 0 to 255. */
export interface PictureSettings {
  /** To exactly this size, or so that the shorter edge has this length; left out, pictures keep their size. */
  resize?: Size | { shortest_edge: number };
  /** Default bilinear. */
  resample?: Resample;
  /** Cut from the middle; what a smaller picture lacks is black. */
  crop?: Size;
  /** Factor for each value; 1/255 makes 0 to 1 of them. Left out, they stay 0 to 255. */
  rescale?: number;
  /** Subtracted from each channel after that, in the order of `channels`. */
  mean?: number[];
  /** Divides each channel after that. */
  std?: number[];
  /** Default rgb. Of grey there is one. */
  channels?: 'rgb' | 'bgr' | 'grey';
  /** Order of the tensor's dimensions. Default nchw. */
  layout?: 'nchw' | 'nhwc';
}
