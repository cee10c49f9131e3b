"""The lake through time: one conservative step, marched, for many members at once.

Numbers only: no names, no units (SI everywhere), no files. `layout` packs arrays, `step` solves
one step for a block of members, `march` runs the blocks.
"""
