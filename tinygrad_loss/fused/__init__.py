"""Fused losses: kernels in plain Python, run at machine speed.

    vmath        elementary functions for kernels
    elementwise, rows, vectors
                 drivers: the loop around a kernel, one for each layout of the inputs
    compile      from a plain kernel to machine code that is kept on disk
    threads      blocks of work on all cores, with the same bits for any number of them
    bridge       from a kernel's value and slopes to a Tensor that knows its gradient

numba is loaded by the first fused call, through `bridge`.
"""
