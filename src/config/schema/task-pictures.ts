import { z } from 'zod';
import { resampleFilters } from '../../model/picture-settings.ts';
import { decimal, listOf, whole, words } from './field-kinds.ts';

const edge = () => whole(1, 4096);
const size = z.strictObject({
  height: edge().describe('Pixels.'),
  width: edge().describe('Pixels.'),
});
const perChannel = () => listOf(decimal(-1e6, 1e6), 'numbers, one for each channel', 1, 3);

/** How pictures become a tensor. What is left out is what preprocessor_config.json beside the model says. */
export const ofPictures = {
  input: words('the name of an input', 512)
    .optional()
    .describe('The input that takes pictures. Default: the only one.'),
  preprocessing: z
    .enum(['from-file', 'own'])
    .default('from-file')
    .describe(
      '`own`: a `preprocessor_config.json` beside the model is not read. `from-file`: it is, where there is one, and the fields here go over it.',
    ),
  resize: z
    .union([size, z.strictObject({ 'shortest-edge': edge().describe('Pixels of the shorter edge.') })], {
      error: 'height and width, or shortest-edge',
    })
    .optional()
    .describe('First: to exactly this height and width, or so that the shorter edge has this length.'),
  resample: z.enum(resampleFilters).optional().describe('The filter, as Pillow has it. Default: `bilinear`.'),
  crop: size.optional().describe('Then: cut from the middle; what a smaller picture lacks is black.'),
  rescale: decimal(-1e6, 1e6)
    .optional()
    .describe('Then: a factor for each value of 0 to 255. Default: none; 0.00392156862745098 makes 0 to 1.'),
  mean: perChannel().optional().describe('Then: subtracted from each channel. Default: nothing.'),
  std: perChannel().optional().describe('Then: divides each channel. Default: nothing.'),
  channels: z
    .enum(['rgb', 'bgr', 'grey'])
    .optional()
    .describe('Order of the channels. Default: `grey` where the input has one channel, else `rgb`.'),
  layout: z
    .enum(['nchw', 'nhwc'])
    .optional()
    .describe('Order of the dimensions: channels before or after height and width. Default: what the input declares.'),
  'max-pixels': whole(1, 100_000_000)
    .default(25_000_000)
    .describe('Pictures with more pixels are refused before they are decoded, which takes 8 bytes a pixel.'),
};
