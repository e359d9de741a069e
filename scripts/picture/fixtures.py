"""Writes test/fixtures/pictures: small pictures of many kinds, and what Pillow and transformers make of them.

    python scripts/picture/fixtures.py

Needs PyPI pillow 13.0.0, numpy and transformers 5.24.0 (its classes that end in Pil; no torch).
"""
import base64
import hashlib
import json
import os
import zlib

import numpy as np
from PIL import Image, ImageOps

from write_png import chunk, write_png

FOLDER = os.path.join(os.path.dirname(__file__), '..', '..', 'test', 'fixtures', 'pictures')
random = np.random.default_rng(5)


def path(name):
    return os.path.join(FOLDER, name)


def scene(width, height, channels=3, top=255):
    """Waves, an edge and some noise."""
    y, x = np.mgrid[0:height, 0:width]
    layers = [np.sin(x / (5 + at) + at) * np.cos(y / (7 - at)) * 0.4 + 0.5 + 0.2 * (x > y) for at in range(channels)]
    noisy = np.stack(layers, -1) + random.normal(0, 0.04, (height, width, channels))
    return (noisy.clip(0, 1) * top).astype(np.uint16 if top > 255 else np.uint8)


def image(width, height, mode='RGB'):
    channels = len(Image.new(mode, (1, 1)).getbands())
    pixels = scene(width, height, channels)
    return Image.fromarray(pixels[..., 0] if channels == 1 else pixels, mode)


def orientation(value):
    exif = Image.Exif()
    exif[0x0112] = value
    return exif


def jpegs():
    for name, size, options in [
        ('444', (37, 23), dict(quality=92, subsampling=0)), ('422', (41, 19), dict(quality=80, subsampling=1)),
        ('420', (33, 45), dict(quality=75, subsampling=2)), ('progressive', (50, 31), dict(quality=85, progressive=True)),
        ('restarts', (48, 29), dict(quality=70, restart_marker_blocks=2)), ('rough', (29, 29), dict(quality=12)),
        ('one', (1, 1), {}), ('line', (61, 1), {}), ('column', (1, 43), {}), ('rgb', (21, 34), dict(keep_rgb=True)),
        ('optimized', (35, 27), dict(optimize=True, icc_profile=os.urandom(0) + bytes(range(256)) * 4)),
    ]:
        image(*size).save(path(f'jpeg-{name}.jpg'), **options)
    image(26, 37, 'L').save(path('jpeg-grey.jpg'), quality=90)
    image(37, 26, 'L').save(path('jpeg-grey-progressive.jpg'), quality=80, progressive=True)
    for value in range(1, 9):
        image(14, 9).save(path(f'jpeg-exif-{value}.jpg'), exif=orientation(value), quality=95, subsampling=0)
    image(20, 20, 'CMYK').save(path('refused-cmyk.jpg'))


def pngs():
    for mode in ('L', 'LA', 'RGB', 'RGBA'):
        image(31, 22, mode).save(path(f'png-{mode.lower()}.png'))
    image(23, 31).convert('1').save(path('png-bilevel.png'))
    for colours in (2, 4, 16, 200):
        image(27, 18).quantize(colours).save(path(f'png-palette-{colours}.png'))
    image(19, 25).quantize(40).save(path('png-palette-transparent.png'), transparency=3)
    image(24, 11).save(path('png-exif-6.png'), exif=orientation(6))
    image(1, 1, 'RGBA').save(path('png-one.png'))
    samples = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
    for colour, depth in [(0, 1), (0, 2), (0, 4), (0, 8), (0, 16), (2, 8), (2, 16), (3, 1), (3, 2), (3, 4), (3, 8), (4, 16), (6, 8), (6, 16)]:
        top = min((1 << depth) - 1, 149 if colour == 3 else 65535)
        palette = [tuple(int(v) for v in random.integers(0, 256, 3)) for _ in range(top + 1)] if colour == 3 else None
        for interlaced in (False, True):
            pixels = scene(13, 9, samples[colour], top).tolist()
            write_png(path(f'png-{colour}-{depth}{"-interlaced" if interlaced else ""}.png'), pixels, depth, colour, palette, interlaced)
    write_png(path('png-3-8-short.png'), [[(at,) for at in range(9)]], 8, 3, [(9, 8, 7), (6, 5, 4)])
    write_png(path('png-tiny-interlaced.png'), scene(3, 2).tolist(), 8, 2, None, True, chunk(b'gAMA', bytes(4)))


def webps():
    for name, mode, size, options in [
        ('lossy', 'RGB', (39, 27), dict(quality=80)), ('rough', 'RGB', (30, 41), dict(quality=10)),
        ('alpha', 'RGBA', (25, 33), dict(quality=85)), ('lossless', 'RGB', (28, 17), dict(lossless=True)),
        ('lossless-alpha', 'RGBA', (17, 28), dict(lossless=True, exact=True)), ('one', 'RGB', (1, 1), {}),
        ('grey', 'L', (22, 15), dict(quality=90)),
    ]:
        image(*size, mode).save(path(f'webp-{name}.webp'), **options)
    for value in (3, 8):
        image(18, 12).save(path(f'webp-exif-{value}.webp'), exif=orientation(value), lossless=True)
    image(9, 9).save(path('refused-animated.webp'), save_all=True, append_images=[image(9, 9)], duration=50)


def seen(name):
    """As Pillow shows it; of 16 bits the high byte, where Pillow's conversion of grey would cut at 255."""
    with Image.open(path(name)) as opened:
        shown = ImageOps.exif_transpose(opened)
        if shown.mode.startswith('I'):
            shown = Image.fromarray((np.asarray(shown).astype(np.uint32) >> 8).astype(np.uint8), 'L')
        return shown.convert('RGB')


def packed(array):
    return base64.b64encode(zlib.compress(array.tobytes(), 9)).decode()


FILTERS = dict(nearest=0, box=4, bilinear=2, hamming=5, bicubic=3, lanczos=1)
SIZES = [(7, 5), (16, 16), (31, 9), (5, 22), (64, 47), (31, 22), (90, 3), (1, 1), (33, 50)]


def resized():
    whole = seen('png-rgb.png')
    out = []
    for name, code in FILTERS.items():
        for size in SIZES:
            made = whole.resize(size, code)
            out.append({'resample': name, 'width': size[0], 'height': size[1], 'sha256': hashlib.sha256(made.tobytes()).hexdigest()})
    return out


def processed():
    import transformers.models.auto  # noqa: F401
    from importlib import import_module

    def made(module, kind, **fields):
        found = getattr(import_module(f'transformers.models.{module}.image_processing_pil_{module}'), f'{kind}ImageProcessorPil')
        config = {'image_processor_type': f'{kind}ImageProcessor', **fields}
        processor = found(**fields)
        for name in ('png-rgb.png', 'png-palette-200.png', 'png-one.png', 'png-exif-6.png'):
            tensor = processor(seen(name), return_tensors='np')['pixel_values']
            yield {'config': config, 'picture': name, 'shape': tensor.shape, 'values': packed(tensor.astype(np.float32))}

    small, square = {'shortest_edge': 15}, {'height': 11, 'width': 13}
    crop = {'height': 12, 'width': 12}
    for found in [
        made('vit', 'ViT', size=square), made('vit', 'ViT', size=9, resample=3, do_normalize=False),
        made('deit', 'DeiT', size=square, crop_size=crop), made('beit', 'Beit', size=square),
        made('siglip', 'Siglip', size=square), made('blip', 'Blip', size=square, image_mean=[0.1, 0.2, 0.3]),
        made('pvt', 'Pvt', size=square, resample=1), made('clip', 'CLIP', size=small, crop_size=crop),
        made('clip', 'CLIP', size=14, crop_size=17), made('bit', 'Bit', size=small, crop_size={'height': 15, 'width': 40}),
        made('convnext', 'ConvNext', size=small), made('convnext', 'ConvNext', size={'shortest_edge': 21}, crop_pct=0.75),
        made('mobilenet_v2', 'MobileNetV2', size=small, crop_size=crop),
        made('mobilevit', 'MobileViT', size=small, crop_size=crop), made('clip', 'CLIP', size=small, crop_size=crop, do_rescale=False),
    ]:
        yield from found


os.makedirs(FOLDER, exist_ok=True)
jpegs()
pngs()
webps()
names = sorted(name for name in os.listdir(FOLDER) if not name.startswith('refused-') and not name.endswith('.json'))
pictures = []
for name in names:
    whole = seen(name)
    pictures.append({'name': name, 'width': whole.width, 'height': whole.height, 'pixels': packed(np.asarray(whole))})
with open(path('reference.json'), 'w') as file:
    json.dump({'pictures': pictures, 'resized': resized(), 'processed': list(processed())}, file, separators=(',', ':'))
    file.write('\n')
