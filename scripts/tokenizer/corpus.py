"""Texts that break naive tokenizers: scripts by their blocks, marks, spaces, contractions, special tokens, long words."""
import json
import random
import sys

BLOCKS = [
    (0x20, 0x7E), (0xA0, 0x24F), (0x300, 0x36F), (0x370, 0x3FF), (0x400, 0x52F), (0x530, 0x58F), (0x590, 0x5FF),
    (0x600, 0x6FF), (0x700, 0x74F), (0x780, 0x7BF), (0x900, 0x97F), (0x980, 0x9FF), (0xA00, 0xA7F), (0xA80, 0xAFF),
    (0xB00, 0xB7F), (0xB80, 0xBFF), (0xC00, 0xC7F), (0xC80, 0xCFF), (0xD00, 0xD7F), (0xD80, 0xDFF), (0xE00, 0xE7F),
    (0xE80, 0xEFF), (0xF00, 0xFFF), (0x1000, 0x109F), (0x10A0, 0x10FF), (0x1100, 0x11FF), (0x1200, 0x137F),
    (0x13A0, 0x13FF), (0x1400, 0x167F), (0x1780, 0x17FF), (0x1800, 0x18AF), (0x1E00, 0x1EFF), (0x1F00, 0x1FFF),
    (0x2000, 0x206F), (0x20A0, 0x20CF), (0x2100, 0x214F), (0x2190, 0x21FF), (0x2200, 0x22FF), (0x2460, 0x24FF),
    (0x2500, 0x257F), (0x2600, 0x26FF), (0x2C00, 0x2C5F), (0x3000, 0x303F), (0x3040, 0x309F), (0x30A0, 0x30FF),
    (0x3130, 0x318F), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xA000, 0xA48F), (0xAC00, 0xD7A3), (0xE000, 0xE0FF),
    (0xF900, 0xFAFF), (0xFB00, 0xFB4F), (0xFB50, 0xFDFF), (0xFE00, 0xFE0F), (0xFE30, 0xFE4F), (0xFF00, 0xFFEF),
    (0x10000, 0x100FF), (0x10330, 0x1034F), (0x10400, 0x1044F), (0x1D000, 0x1D1FF), (0x1D400, 0x1D7FF),
    (0x1F300, 0x1F5FF), (0x1F600, 0x1F64F), (0x1F900, 0x1F9FF), (0x20000, 0x2A6DF), (0x2B820, 0x2B91F),
    (0x2F800, 0x2FA1F), (0x30000, 0x3134F), (0xE0000, 0xE007F), (0x0, 0x1F), (0x7F, 0x9F),
]
SPACES = [' ', '  ', '\n', '\r\n', '\t', '\u00a0', '\u2028', '\u200b', '\ufeff', '\u3000', '\u0085', '', '', '', '   \n ']
WORDS = (
    "the quick brown fox I'm don't they're we've you'll he'd IT'S WE'RE x's O\u2019Neil Hello World "
    "Transformers tokenization 12345 3.14159 2024-11-30 http://example.com/a?b=c&d=e foo_bar "
    "CamelCaseWord snake_case <div> </p> > </b> x> </p> \u039f\u0394\u039f\u03a3 \u0130stanbul "
    "\u017ftra\xdfe na\xefve caf\xe9 e\u0301 Stra\xdfe \u5317\u4eac \u6771\u4eac "
    "\u3053\u3093\u306b\u3061\u306f \uc548\ub155\ud558\uc138\uc694 \u043c\u0438\u0440 "
    "\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627 \u0928\u092e\u0938\u094d\u0924\u0947 "
    "\u0e44\u0e17\u0e22 \ufb01ne \uff21\uff42\uff43 \xbd \xb2 \u2163 \u20b9100 \U0001f600 "
    "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466 \U0001f1e9\U0001f1ea 1\ufe0f\u20e3 [CLS] "
    "[MASK] <s> </s> <|endoftext|> <unk> <bos> \u2581 \u2581a  '\u017f 'LL 'Re"
).split(' ')
MARKS = [0x300, 0x301, 0x323, 0x327, 0x345, 0x5B0, 0x302E, 0x302F, 0x1D165, 0x3099, 0xF71, 0x1161, 0x11A8, 0x334]


def texts(seed, count):
    """@returns so many texts, the same ones for the same seed"""
    chance = random.Random(seed)

    def sign():
        return chr(chance.randint(*chance.choice(BLOCKS)))

    def run():
        first, last = chance.choice(BLOCKS)
        return ''.join(chr(chance.randint(first, last)) for _ in range(chance.randint(1, 12)))

    def anything():
        return chr(chance.choice([chance.randint(0, 0xD7FF), chance.randint(0xE000, 0x10FFFF)]))

    def text():
        kind = chance.random()
        if kind < 0.35:
            return chance.choice(SPACES).join(run() for _ in range(chance.randint(1, 6)))
        if kind < 0.7:
            return ''.join(chance.choice(WORDS) + chance.choice(SPACES) for _ in range(chance.randint(1, 25)))
        if kind < 0.8:
            return ''.join(anything() for _ in range(chance.randint(1, 20)))
        if kind < 0.85:
            return chance.choice([*WORDS, sign()]) * chance.choice([2, 7, 25, 50, 99, 100, 101, 255, 256, 300])
        if kind < 0.93:
            parts = ([sign(), chance.choice(WORDS), chance.choice(SPACES), chance.choice("'\"().,-/\r\n\t aAbB")] for _ in range(chance.randint(1, 40)))
            return ''.join(chance.choice(part) for part in parts)
        marks = ''.join(chr(chance.choice(MARKS)) for _ in range(chance.randint(1, 5)))
        return chance.choice(WORDS) + marks + chance.choice(WORDS)

    return [text() for _ in range(count)]


if __name__ == '__main__':
    json.dump(texts(int(sys.argv[1]), int(sys.argv[2])), sys.stdout)
