"""Random projections that are the same everywhere: signs from a counter, keyed by the name of a layer."""
import hashlib

import torch

_SHIFTS, _FACTORS = (30, 27), (0xBF58476D1CE4E5B9, 0x94D049BB133111EB)
_GOLDEN = 0x9E3779B97F4A7C15
_BITS = 64


def _signed(value):
    """The 64-bit pattern as PyTorch's int64 holds it."""
    value &= (1 << 64) - 1
    return value - (1 << 64) if value >> 63 else value


def _shifted(words, n):
    """A logical shift to the right: PyTorch's is arithmetic."""
    return (words >> n) & ((1 << (64 - n)) - 1)


def words(key, counters):
    """SplitMix64 at these counters: the output function of Steele, Lea and Flood (2014) of key + (counter + 1) γ."""
    state = counters.mul(_signed(_GOLDEN)).add_(_signed(key + _GOLDEN))
    for shift, factor in zip(_SHIFTS, _FACTORS):
        state = (state ^ _shifted(state, shift)).mul_(_signed(factor))
    return state ^ _shifted(state, 31)


def key_of(seed, layer, side):
    return int.from_bytes(hashlib.sha256(f"{seed}/{layer}/{side}".encode()).digest()[:8], "little")


def signs(key, n_row, n_column):
    """n_row × n_column of ±1, int8.  Sign (i, j) is bit j mod 64 of the word at counter i · 2^32 + j div 64: it does
    not depend on the number of rows or columns."""
    rows = torch.arange(n_row, dtype=torch.int64)[:, None] << 32
    drawn = words(key, rows + torch.arange((n_column + _BITS - 1) // _BITS, dtype=torch.int64))
    bits = (drawn[:, :, None] >> torch.arange(_BITS, dtype=torch.int64)) & 1
    return bits.mul_(2).sub_(1).to(torch.int8).reshape(n_row, -1)[:, :n_column]


class Projection:
    """Replaces a vector x of a layer by P x, P being rank × d of signs ±1/√rank: ⟨P x, P y⟩ has the expectation ⟨x, y⟩
    and a variance of (‖x‖²‖y‖² + ⟨x, y⟩² − 2 Σ x_i² y_i²) / rank.  Vectors of no more than `rank` numbers stay."""

    def __init__(self, rank, seed=0):
        if rank < 1:
            raise ValueError(f"expected a rank of 1 or more, found {rank}")
        self.rank, self.seed, self._matrices = rank, seed, {}

    def matrix(self, layer, side, n_column):
        """rank × n_column, ±1."""
        known = self._matrices.get((layer, side))
        if known is None or known.shape[1] != n_column:
            known = self._matrices[layer, side] = signs(key_of(self.seed, layer, side), self.rank, n_column)
        return known

    def apply(self, layer, side, rows):
        """rows: … × d → … × rank."""
        if rows.shape[-1] <= self.rank:
            return rows
        matrix = self.matrix(layer, side, rows.shape[-1]).to(rows.device, rows.dtype)
        return rows @ matrix.T / self.rank ** 0.5

    def __str__(self):
        return f"signs, rank {self.rank}, seed {self.seed}"
