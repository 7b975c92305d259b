#!/usr/bin/env python3
"""Prints which size class of zsmalloc every payload gets, for every chain length.

Written after the rule alone, without a look at the Swift: it says what SizeClassTable must say.
One line a run of payloads: chain length, first and last payload, then the class's slot in bytes,
the pages of its zspage and the objects in it.
"""

PAGE = 4096
HEADER = 8


def pages(size, chain):
    """A power of two takes one page; else the fewest pages that waste the fewest bytes."""
    if size & (size - 1) == 0:
        return 1
    return min(range(1, chain + 1), key=lambda count: (count * PAGE % size, count))


def classes(chain):
    """Slot size by size, from 32 in steps of 16: (slot, pages, objects) of the class it is in.

    From large to small: a size whose zspage has as many pages and objects as that of the next
    larger one is merged with it.
    """
    by_size = {}
    last = None
    for size in range(PAGE, 31, -16):
        count = pages(size, chain)
        shape = (count, count * PAGE // size)
        if last is None or last[1:] != shape:
            last = (size, *shape)
        by_size[size] = last
    return by_size


def class_of(payload, by_size):
    """What with its header is more than a page is huge: that class keeps the header elsewhere."""
    size = max(32, -(-(payload + HEADER) // 16) * 16)
    return by_size[min(size, PAGE)]


for chain in range(4, 17):
    by_size = classes(chain)
    first = 1
    for payload in range(1, PAGE + 1):
        found = class_of(payload, by_size)
        if payload == PAGE or class_of(payload + 1, by_size) != found:
            print(chain, first, payload, *found)
            first = payload + 1
