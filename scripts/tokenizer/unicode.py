"""Writes src/tokenizer/compile/unicode.json: what the reference implementation (PyPI tokenizers) does with each code point.

Its Unicode tables are of several ages, and of no version that Node has; so they are asked for, never derived.

    python scripts/tokenizer/unicode.py > src/tokenizer/compile/unicode.json
"""
import json
import struct
import sys
import unicodedata

import tokenizers
from tokenizers import Regex, normalizers as nz, pre_tokenizers as pt

POINTS = [c for c in range(0x110000) if not 0xD800 <= c <= 0xDFFF]


def ranges(points):
    """Sorted code points as [first, length, gap to the next first …] in one flat list of differences."""
    out, last = [], 0
    points = sorted(points)
    at = 0
    while at < len(points):
        end = at
        while end + 1 < len(points) and points[end + 1] == points[end] + 1:
            end += 1
        out += [points[at] - last, points[end] - points[at] + 1]
        last = points[end] + 1
        at = end + 1
    return out


def by_class(regex):
    """The code points that a class of Oniguruma matches."""
    split = pt.Split(Regex(regex), 'removed')
    return ranges(c for c in POINTS if len(split.pre_tokenize_str(chr(c))) == 0)


def where(test):
    return ranges(c for c in POINTS if test(chr(c)))


def mapped(normalizer):
    """Each code point that becomes another text, with that text."""
    pairs = ((c, normalizer.normalize_str(chr(c))) for c in POINTS)
    return {format(c, 'x'): text for c, text in pairs if text != chr(c)}


def without_hangul(table):
    """Syllables of Hangul are decomposed by arithmetic: https://www.unicode.org/versions/Unicode9.0.0/ch03.pdf, 3.12."""
    return {key: text for key, text in table.items() if not 0xAC00 <= int(key, 16) < 0xD7A4}


def classes_of_order(nfd):
    """Canonical combining classes, as far as the reference orders by them."""
    orders = {}
    for c in POINTS:
        order = unicodedata.combining(chr(c))
        if order == 0:
            continue
        # U+0334 has class 1 and U+0345 class 240: whatever has a class between moves past one of them.
        low, high = nfd.normalize_str(chr(c) + '\u0334'), nfd.normalize_str('\u0345' + chr(c))
        first, second = nfd.normalize_str(chr(c)) , chr(0x345)
        if low == '\u0334' + first or high == first + second:
            orders[format(c, 'x')] = order
    return orders


def compositions(nfd, nfc):
    """Pairs that become one: [first, second, composed]; Hangul left out, as above."""
    out = []
    for c in POINTS:
        if 0xAC00 <= c < 0xD7A4:
            continue
        apart = nfd.normalize_str(chr(c))
        if len(apart) < 2 or nfc.normalize_str(apart) != chr(c):
            continue
        first = nfc.normalize_str(apart[:-1])
        assert len(first) == 1, hex(c)
        out += [ord(first), ord(apart[-1]), c]
    return out


def charsmap(key):
    """A map of SentencePiece that knows one text, which becomes X: https://github.com/google/sentencepiece, normalizer.cc."""
    units, node = [0] * 256 * (len(key) + 2), 0
    for depth, byte in enumerate(key + b'\0'):
        offset = node ^ ((depth + 1) << 8)
        units[node] |= offset << 10
        if byte == 0:
            units[node] |= 1 << 8
            break
        node = ((depth + 1) << 8) ^ byte
        units[node] = byte
    trie = struct.pack(f'<{len(units)}I', *units)
    return nz.Precompiled(struct.pack('<I', len(trie)) + trie + b'X\0')


def replaced(first, second):
    """Whether two characters are one unit for such a map: of one that is looked up whole the first part decides."""
    return charsmap(first.encode()).normalize_str(first + second) == 'X'


def controls():
    kinds = {'Cc', 'Cf', 'Zl', 'Zp'}
    ignorable = {0x2065, *range(0xFFF0, 0xFFF9)}
    likely = (c for c in POINTS if c < 0x10000 and c > 0 and (unicodedata.category(chr(c)) in kinds or c in ignorable))
    return ranges(c for c in likely if not replaced(chr(c), '\u0301'))


nfd, nfc, nfkd, nfkc = nz.NFD(), nz.NFC(), nz.NFKD(), nz.NFKC()


def bert(**options):
    return nz.BertNormalizer(**{'clean_text': False, 'handle_chinese_chars': False, 'strip_accents': False, 'lowercase': False, **options})


clean = bert(clean_text=True)
accents = bert(strip_accents=True)
punctuation, digits, spaces = pt.Punctuation(), pt.Digits(), pt.WhitespaceSplit()
words = pt.Whitespace()
nfkd_all, nfd_all = mapped(nfkd), mapped(nfd)
tables = {
    'reference': f'tokenizers {tokenizers.__version__}',
    'nfd': without_hangul(nfd_all),
    'nfkd': {key: text for key, text in without_hangul(nfkd_all).items() if nfd_all.get(key) != text},
    'order': classes_of_order(nfd),
    'compositions': compositions(nfd, nfc),
    'lower': mapped(nz.Lowercase()),
    'nmt': mapped(nz.Nmt()),
    'bertRemoved': where(lambda c: clean.normalize_str('a' + c + 'b') == 'ab'),
    'bertSpaces': where(lambda c: c != ' ' and clean.normalize_str('a' + c + 'b') == 'a b'),
    'bertWide': where(lambda c: bert(handle_chinese_chars=True).normalize_str(c) == f' {c} '),
    'bertAccents': where(lambda c: accents.normalize_str(c) == ''),
    'accents': where(lambda c: nz.StripAccents().normalize_str('a' + c + 'b') == 'ab'),
    'space': where(lambda c: spaces.pre_tokenize_str(c) == []),
    'punctuation': where(lambda c: len(punctuation.pre_tokenize_str('a' + c + 'a')) == 3),
    'digit': where(lambda c: len(digits.pre_tokenize_str('a' + c + 'a')) == 3),
    'word': where(lambda c: len(words.pre_tokenize_str('a' + c + 'a')) == 1),
    **{name: by_class(rf'\p{{{name}}}') for name in ('L', 'Lu', 'Ll', 'Lt', 'Lm', 'Lo', 'M', 'N', 'P', 'S', 'Han')},
    'joins': where((lambda one: lambda c: one.normalize_str('a' + c) == 'X')(charsmap(b'a'))),
    'joinsNothing': controls(),
    'prepends': ranges(c for c in range(0x80, 0x800) if replaced(chr(c), 'a')),
    'onigSpace': by_class(r'\s'),
}
json.dump(tables, sys.stdout, ensure_ascii=True, separators=(',', ':'), sort_keys=True)
sys.stdout.write('\n')
