"""Seeds and block bootstraps of many members at once, in compiled code.

The numbers are those of NumPy: ``default_rng([seed, *stream, member])``, that is a PCG64 whose
state a SeedSequence makes of its entropy, and bounded integers by the method of Lemire on 32 bits.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from balkhash_model.kernel.compiled import compiled, inlined

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
WordArray = npt.NDArray[np.uint32]
LongArray = npt.NDArray[np.uint64]

__all__ = ["block_starts", "entropy_words"]

_INIT_A, _MULT_A = np.uint32(0x43B0D7E5), np.uint32(0x931E8875)
_INIT_B, _MULT_B = np.uint32(0x8B51F9DD), np.uint32(0x58F38DED)
_MIX_L, _MIX_R = np.uint32(0xCA01F9DD), np.uint32(0x4973F715)
_HALF = np.uint32(16)
_MULT_HIGH, _MULT_LOW = np.uint64(0x2360ED051FC65DA4), np.uint64(0x4385DF649FCCF645)
_LOW32, _BITS32 = np.uint64(0xFFFFFFFF), np.uint64(32)


def entropy_words(seed: int, stream: str) -> WordArray:
    """Words that a SeedSequence makes of the seed and the stream.

    Parameters
    ----------
    seed : int
        Seed of the ensemble.
    stream : str
        What is drawn.

    Returns
    -------
    array of uint32
        The words; the member follows them as one more.

    Examples
    --------
    >>> entropy_words(1, "ab").tolist()
    [1, 97, 98]
    """
    words: list[int] = []
    for value in (seed, *stream.encode("utf-8")):
        words.append(value & 0xFFFFFFFF)
        while value > 0xFFFFFFFF:
            value >>= 32
            words.append(value & 0xFFFFFFFF)
    return np.array(words, dtype=np.uint32)


@inlined
def _seed_state(
    words: WordArray, last: np.uint32, pool: WordArray, out: WordArray
) -> None:  # pragma: no cover - compiled
    """Mix the entropy into a pool of four words, and eight words of state out of it."""
    n = words.size + 1
    hashed = _INIT_A
    for i in range(4):
        value = np.uint32(0)
        if i < words.size:
            value = words[i]
        elif i == words.size:
            value = last
        value = np.uint32(value ^ hashed)
        hashed = np.uint32(hashed * _MULT_A)
        value = np.uint32(value * hashed)
        pool[i] = value ^ (value >> _HALF)
    for source in range(4):
        for target in range(4):
            if source != target:
                value = np.uint32(pool[source] ^ hashed)
                hashed = np.uint32(hashed * _MULT_A)
                value = np.uint32(value * hashed)
                value = np.uint32(value ^ (value >> _HALF))
                mixed = np.uint32(np.uint32(_MIX_L * pool[target]) - np.uint32(_MIX_R * value))
                pool[target] = mixed ^ (mixed >> _HALF)
    for source in range(4, n):
        word = last if source == words.size else words[source]
        for target in range(4):
            value = np.uint32(word ^ hashed)
            hashed = np.uint32(hashed * _MULT_A)
            value = np.uint32(value * hashed)
            value = np.uint32(value ^ (value >> _HALF))
            mixed = np.uint32(np.uint32(_MIX_L * pool[target]) - np.uint32(_MIX_R * value))
            pool[target] = mixed ^ (mixed >> _HALF)
    hashed = _INIT_B
    for i in range(8):
        value = np.uint32(pool[i % 4] ^ hashed)
        hashed = np.uint32(hashed * _MULT_B)
        value = np.uint32(value * hashed)
        out[i] = value ^ (value >> _HALF)


@inlined
def _advance(s: LongArray) -> np.uint64:  # pragma: no cover - compiled
    """Step the generator: state high, state low, increment high, increment low."""
    high, low = s[0], s[1]
    # the product of the low words in full
    a, b = low >> _BITS32, low & _LOW32
    c, d = _MULT_LOW >> _BITS32, _MULT_LOW & _LOW32
    bd, ad, bc = b * d, a * d, b * c
    middle = (bd >> _BITS32) + (ad & _LOW32) + (bc & _LOW32)
    carry = a * c + (ad >> _BITS32) + (bc >> _BITS32) + (middle >> _BITS32)
    new_low = low * _MULT_LOW
    new_high = carry + high * _MULT_LOW + low * _MULT_HIGH
    added = new_low + s[3]
    new_high += s[2] + (np.uint64(1) if added < new_low else np.uint64(0))
    s[0], s[1] = new_high, added
    turn = new_high >> np.uint64(58)
    x = new_high ^ added
    turned: np.uint64 = (x >> turn) | (x << ((np.uint64(64) - turn) & np.uint64(63)))
    return turned


@compiled
def _fill_starts(
    words: WordArray,
    first: int,
    years: int,
    out: IntArray,
    pool: WordArray,
    raw: WordArray,
    s: LongArray,
) -> None:  # pragma: no cover - compiled
    bound = np.uint64(years)
    threshold = (np.uint64(0x100000000) - bound) % bound
    for k in range(out.shape[0]):
        _seed_state(words, np.uint32(first + k), pool, raw)
        start_high = np.uint64(raw[0]) | (np.uint64(raw[1]) << _BITS32)
        start_low = np.uint64(raw[2]) | (np.uint64(raw[3]) << _BITS32)
        way_high = np.uint64(raw[4]) | (np.uint64(raw[5]) << _BITS32)
        way_low = np.uint64(raw[6]) | (np.uint64(raw[7]) << _BITS32)
        s[2] = (way_high << np.uint64(1)) | (way_low >> np.uint64(63))
        s[3] = (way_low << np.uint64(1)) | np.uint64(1)
        # two steps from zero, with the start added between them
        low = s[3] + start_low
        s[0] = s[2] + start_high + (np.uint64(1) if low < start_low else np.uint64(0))
        s[1] = low
        left, kept = False, np.uint64(0)
        started = False
        for i in range(out.shape[1]):
            while True:
                if left:
                    half = kept
                    left = False
                else:
                    if not started:
                        started = True
                        _advance(s)
                    word = _advance(s)
                    half, kept, left = word & _LOW32, word >> _BITS32, True
                product = half * bound
                if (product & _LOW32) >= threshold:
                    out[k, i] = np.int64(product >> _BITS32)
                    break


def block_starts(
    seed: int, stream: str, first: int, members: int, years: int, blocks: int
) -> IntArray:
    """Draw the first years of the blocks of a bootstrap, for members that follow each other.

    Parameters
    ----------
    seed : int
        Seed of the ensemble.
    stream : str
        What is drawn.
    first : int
        Number of the first member.
    members : int
        Number of members.
    years : int
        Years of the record, two or more.
    blocks : int
        Blocks to draw.

    Returns
    -------
    array of int (members, blocks)
        What ``generator_of(seed, stream, member).integers(years, size=blocks)`` gives.

    Examples
    --------
    >>> from balkhash_model.forcing.generators import generator_of
    >>> drawn = block_starts(7, "inflow", 5, 2, 22, 4)
    >>> bool((drawn[1] == generator_of(7, "inflow", 6).integers(22, size=4)).all())
    True
    """
    out = np.empty((members, blocks), dtype=np.int64)
    work = (np.zeros(4, np.uint32), np.zeros(8, np.uint32), np.zeros(4, np.uint64))
    _fill_starts(entropy_words(seed, stream), first, years, out, *work)
    return out
