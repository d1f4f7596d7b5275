"""The package's random numbers: Philox4x32-10 under a name (Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3",
SC 2011), and what is drawn from them. As a program it checks itself against published known answers."""

import fill

MASK = 2**32 - 1


def philox(counter, key):
    """One block: four words of 32 bits from a counter of four and a key of two."""
    c, k = list(counter), list(key)
    for _ in range(10):
        first, second = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(second >> 32) ^ c[1] ^ k[0], second & MASK, (first >> 32) ^ c[3] ^ k[1], first & MASK]
        k = [(k[0] + 0x9E3779B9) & MASK, (k[1] + 0xBB67AE85) & MASK]
    return c


def mix(z):
    """The output mix of splitmix64."""
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) % 2**64
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) % 2**64
    return z ^ (z >> 31)


class RandomSource:
    """Named by the run's seed, a purpose, and up to two indices."""

    def __init__(self, seed, purpose, first=0, second=0):
        key = mix(mix((seed + 3 * 0x9E3779B97F4A7C15) % 2**64) ^ fill.hash_of(purpose))
        self.key, self.indices, self.block, self.words = (key & MASK, key >> 32), (first, second), 0, []

    def next(self):
        """64 bits: the halves of a block, low word first."""
        if not self.words:
            w = philox((self.block & MASK, self.block >> 32, *self.indices), self.key)
            self.words, self.block = [w[2] | w[3] << 32, w[0] | w[1] << 32], self.block + 1
        return self.words.pop()

    def uniform(self, low=0.0, high=1.0):
        """In [low, high), from 53 bits."""
        return low + (high - low) * ((self.next() >> 11) * 2.0**-53)

    def below(self, bound):
        return self.next() * bound >> 64

    def permutation(self, count):
        """Fisher-Yates, from the end."""
        order = list(range(count))
        for index in range(count - 1, 0, -1):
            other = self.below(index + 1)
            order[index], order[other] = order[other], order[index]
        return order

    def beta(self, a, b):
        """Beta(a, b) for whole numbers: the a-th smallest of a + b - 1 uniform ones."""
        return sorted(self.uniform() for _ in range(a + b - 1))[a - 1]


def check():
    """Random123's kat_vectors for philox4x32-10."""
    pi = (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344), (0xA4093822, 0x299F31D0)
    for counter, key, answer in [
        ((0,) * 4, (0,) * 2, [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]),
        ((MASK,) * 4, (MASK,) * 2, [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]),
        (*pi, [0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1]),
    ]:
        assert philox(counter, key) == answer, (counter, key)
    source = RandomSource(5, "permutation")
    assert all(sorted(source.permutation(count)) == list(range(count)) for count in (1, 2, 7, 100))
    # Beta(8, 2) has mean 0.8 and variance 0.8 * 0.2 / 11.
    draws = [source.beta(8, 2) for _ in range(20_000)]
    mean = sum(draws) / len(draws)
    assert abs(mean - 0.8) < 0.004, mean
    assert abs(sum((x - mean) ** 2 for x in draws) / len(draws) - 0.16 / 11) < 0.001


if __name__ == "__main__":
    check()
