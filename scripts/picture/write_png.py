"""PNG files of kinds that Pillow reads and does not write: 16 bits, few bits, interlaced, each filter."""
import struct
import zlib

PASSES = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def chunk(kind, data):
    return struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))


def packed_row(samples, depth):
    if depth == 16:
        return b''.join(struct.pack('>H', value) for value in samples)
    bits = ''.join(format(value, f'0{depth}b') for value in samples)
    bits += '0' * (-len(bits) % 8)
    return bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits), 8))


def paeth(left, up, corner):
    guess = left + up - corner
    return min((abs(guess - one), order, one) for order, one in enumerate((left, up, corner)))[2]


def filtered(row, before, kind, step):
    out = bytearray([kind])
    for at, value in enumerate(row):
        left, corner = (row[at - step], before[at - step]) if at >= step else (0, 0)
        less = (0, left, before[at], (left + before[at]) // 2, paeth(left, before[at], corner))[kind]
        out.append((value - less) & 255)
    return bytes(out)


def write_png(path, pixels, depth, colour, palette=None, interlaced=False, extra=b''):
    """`pixels`: rows of pixels of samples."""
    height, width, count = len(pixels), len(pixels[0]), len(pixels[0][0])
    step, data = max(1, count * depth // 8), b''
    for x, y, step_x, step_y in PASSES if interlaced else [(0, 0, 1, 1)]:
        before = None
        for index, row in enumerate(pixels[y::step_y]):
            samples = [value for pixel in row[x::step_x] for value in pixel]
            if not samples:
                break
            line = packed_row(samples, depth)
            data += filtered(line, before or bytes(len(line)), index % 5, step)
            before = line
    with open(path, 'wb') as file:
        file.write(b'\x89PNG\r\n\x1a\n')
        file.write(chunk(b'IHDR', struct.pack('>IIBBBBB', width, height, depth, colour, 0, 0, int(interlaced))))
        if palette:
            file.write(chunk(b'PLTE', bytes(value for entry in palette for value in entry)))
        file.write(extra)
        packed = zlib.compress(data, 9)
        cut = len(packed) // 2
        file.write(chunk(b'IDAT', packed[:cut]) + chunk(b'IDAT', packed[cut:]) + chunk(b'IEND', b''))
