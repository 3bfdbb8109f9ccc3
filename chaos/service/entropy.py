"""Entropy in blocks: one call of the system for a few hundred nonces instead of one for each."""

from chaos.service.instance import Entropy

BLOCK_SIZE = 4096


def in_blocks(draw: Entropy, block_size: int = BLOCK_SIZE) -> Entropy:
    """The same bytes as ``draw`` gives, each given once, drawn ``block_size`` at a time.

    >>> import random
    >>> drawn = in_blocks(random.Random(7).randbytes, 8)
    >>> drawn(3) + drawn(5) == random.Random(7).randbytes(8)
    True
    """
    block = b""
    used = 0

    def drawn(size: int) -> bytes:
        nonlocal block, used
        begins = used
        used += size
        if used > len(block):
            if size > block_size:
                used = begins
                return draw(size)
            # What is left of the block is dropped: a piece of it would take two slices and a join.
            block, begins, used = draw(block_size), 0, size
        return block[begins:used]

    return drawn
