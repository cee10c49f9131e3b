"""The lake through time: one conservative step, marched, for many members at once.

Numbers only: no names, no units (SI everywhere), no files. `layout` packs arrays and `block` holds
the working ones; `fluxes` and `salt` are the laws, `solve` is Newton's method, `step` takes one
step of a block of members, `march` runs the blocks. `lone` solves storages that nothing joins, and
`chain` those that releases and straits join.
"""

from __future__ import annotations

__all__ = ["cache_state"]


def cache_state() -> list[tuple[str, str]]:
    """Where the compiled kernel is kept and whether it is there.

    Returns
    -------
    list of tuple of str
        What and found: the folder, the number of compiled files and their size.

    Examples
    --------
    >>> [what for what, _ in cache_state()]
    ['folder', 'compiled files']
    """
    from balkhash_model.kernel import build

    folder = build.cache_folder()
    files = list(folder.glob("*.nb[ic]")) if folder is not None and folder.is_dir() else []
    size = sum(p.stat().st_size for p in files)
    found = f"{len(files)}, {size / 1e6:.1f} MB" if files else "none yet: the first run compiles"
    return [("folder", str(folder)), ("compiled files", found)]
