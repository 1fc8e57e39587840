"""What outcomes teach: how likely an agent does a skill's tasks, and how far the terms of a plan's score foretell it.

``facts`` takes outcomes apart, ``success`` and ``weights`` learn from them, ``learn`` compares what was learned with
what is fixed on runs it has not seen, ``known`` is the result and the file that holds it, ``book`` answers
``genesis rewards``.
"""
